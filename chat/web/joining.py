"""How a client joins: who it is, under which name, and what it has missed."""

import asyncio
import contextlib

from chat.log.batch import newest
from chat.policy.rates import rates
from chat.policy.refusals import refusals
from chat.protocol import incoming
from chat.protocol.errors import FrameError
from chat.protocol.incoming import Since
from chat.relay.relay import Relay
from chat.relay.rules import SIGNED_OUT
from chat.web.naming import take_name
from chat.web.tab import Tab

IDLE = 20.0  # seconds from the handshake to the first join, while the relay can answer it
JOIN_PAUSE = 1.0  # seconds that a join beyond the rate takes
LITTLE = 8 * 1024  # bytes of the latest messages that it gets


class Joining:
    """The joins of one socket: the first is answered by what was said, others may only rename."""

    def __init__(self, relay: Relay, tab: Tab):
        self._relay, self._tab = relay, tab
        self._known = False  # who it is: the first has said so, whatever became of it
        self._greeted = False  # the first has been answered
        self._deadline: asyncio.TimerHandle | None = None  # of the first

    def expect(self) -> None:
        """The socket is accepted: a join has to come."""
        self._deadline = asyncio.get_running_loop().call_later(IDLE, self._idle)

    def _idle(self) -> None:
        if not self._relay.tail.has_begun:  # there was no answer to be had
            self.expect()
            return
        refusals.note(self._tab.address, "sockets that don't join")
        self._tab.dismiss("idle", "You have not joined.")

    def stop(self) -> None:
        """It has joined, or is gone."""
        if self._deadline:
            self._deadline.cancel()

    async def join(self, frame: incoming.Join) -> None:
        """Answer a `join`. Raises `FrameError("busy")`, `DatabaseError`."""
        await self._relay.started()
        self.stop()
        is_forged = not self._known and not self._tab.identify(frame.token)
        self._known = True
        if self._is_shut_out():
            return
        too_fast = False
        try:
            if is_forged:
                raise FrameError("bad_field", "`token` is none of ours, or too old.")
            too_fast = True  # unless what follows says nothing
            rates.join(self._tab.address, None if self._tab.guest else self._tab.member_id)
            too_fast = False
            await self._take_name(frame.name)
        except FrameError as wrong:
            self._tab.refuse(wrong, frame)
        if too_fast:
            await asyncio.sleep(JOIN_PAUSE)
        await self._answer(frame.since, full=not too_fast)

    async def join_in_vain(self) -> None:
        """Every join is answered by a `hello`, a malformed one, too."""
        with contextlib.suppress(FrameError):  # `busy`, and the client was told of an error
            await self._relay.started()
            self.stop()
            self._known = True
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

    async def _answer(self, since: Since | None, *, full: bool = True) -> None:
        """`hello`, then whatever brings this client to where the room is."""
        if self._greeted and since is None:
            self._tab.send_text(self._hello(resumed=True))
            return
        resumed = await self._relay.tail.resumable(since)
        if self._is_shut_out():  # since it was asked first; from `attend` on, the relay sees to it
            return
        # No `await` from here on: nothing stands between `hello` and the first messages, and they
        # end at the number where the next batch begins.
        self._greeted = True
        missed = self._relay.tail.catch_up(since if resumed else None)
        self._relay.attend(self._tab)
        keeps_up = self._tab.send_text(self._hello(resumed=resumed))
        if resumed:  # the rest is read as it is sent
            missed = missed[:1]
        elif not full:
            missed = [newest(missed, LITTLE)]
        self._relay.follow(self._tab, missed, keeps_up=keeps_up)

    def _hello(self, *, resumed: bool) -> str:
        you = {"id": self._tab.member_id, "name": self._tab.name} if self._tab.name else None
        return self._relay.hello(you, resumed=resumed)
