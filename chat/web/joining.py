"""How a client joins: who it is, under which name, and what it has missed."""

import asyncio
import contextlib

from chat.policy.rates import rates
from chat.protocol import incoming
from chat.protocol.errors import FrameError
from chat.protocol.incoming import Since
from chat.relay.relay import Relay
from chat.relay.rules import SIGNED_OUT
from chat.web.naming import take_name
from chat.web.tab import Tab

JOIN_PAUSE = 1.0  # seconds that a join beyond the rate takes


class Joining:
    """The joins of one socket: the first is answered by what was said, others may only rename."""

    def __init__(self, relay: Relay, tab: Tab):
        self._relay, self._tab = relay, tab
        self._greeted = False  # the first has been answered

    async def join(self, frame: incoming.Join) -> None:
        """Answer a `join`. Raises `FrameError("busy")`, `DatabaseError`."""
        await self._relay.started()
        is_forged = not self._greeted and not self._tab.identify(frame.token)
        if self._is_shut_out():
            return
        try:
            if is_forged:
                raise FrameError("bad_field", "`token` is none of ours, or too old.")
            rates.join(self._tab.address, None if self._tab.guest else self._tab.member_id)
            await self._take_name(frame.name)
        except FrameError as wrong:
            self._tab.refuse(wrong, frame)
            if wrong.code == "rate_limited" and self._greeted:
                await asyncio.sleep(JOIN_PAUSE)  # its answer is large; the others don't wait
        await self._answer(frame.since)

    async def join_in_vain(self) -> None:
        """Every join is answered by a `hello`, a malformed one, too."""
        with contextlib.suppress(FrameError):  # `busy`, and the client was told of an error
            await self._relay.started()
            if not self._is_shut_out():
                await self._answer(None)

    def _is_shut_out(self) -> bool:
        """Banned, or with a cookie or token that is nobody's by now; it is told, and closed."""
        if self._tab.revoked:
            self._tab.dismiss("resync", SIGNED_OUT)
            return True
        try:
            self._relay.rules.bans.check(self._tab.member_id, self._tab.address)
        except FrameError as banned:
            self._tab.dismiss("banned", banned.message, banned.retry_after)
            return True
        return False

    async def _take_name(self, wanted: str | None) -> None:
        if wanted is None and (self._tab.name or self._tab.guest):
            return
        name = incoming.check_name(wanted)
        claimed = await take_name(self._relay, self._tab, name)
        if claimed.name:
            self._relay.people.named(self._tab, claimed)

    async def _answer(self, since: Since | None) -> None:
        """`hello`, then whatever brings this client to where the room is."""
        if self._greeted and since is None:
            self._tab.write(self._hello(resumed=True))
            return
        resumed = await self._relay.tail.resumable(since)
        if self._is_shut_out():  # since it was asked first; from `attend` on, the relay sees to it
            return
        # From here on, what comes meanwhile waits: nothing stands between `hello` and messages,
        # and they end at the number where the next batch begins.
        self._greeted = True
        with self._tab.deferring():
            self._relay.attend(self._tab)
            missed = self._relay.tail.catch_up(since if resumed else None)
            self._tab.write(self._hello(resumed=resumed))
            for batch in missed:
                self._tab.write(batch.frame)
                await self._tab.flushed()
                await asyncio.sleep(0)  # up to 1,000 messages: others have their turn in between

    def _hello(self, *, resumed: bool) -> str:
        you = {"id": self._tab.member_id, "name": self._tab.name} if self._tab.name else None
        return self._relay.hello(you, resumed=resumed)
