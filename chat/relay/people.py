"""The people of this process: names asked for, tabs that share one, presence, refreshed holds."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from django.db import Error as DatabaseError

from chat.members import claims
from chat.members.claims import Claim, Claimed
from chat.protocol.errors import FrameError
from chat.relay.batcher import Batcher, Full
from chat.relay.group import Group
from chat.relay.outage import Outage
from chat.relay.presence import Presence
from chat.relay.socket import Socket
from chat.relay.threads import Threads

BEAT = 1.0  # seconds between two looks at who has come and gone
SEEN = 15.0  # seconds between two refreshes of the names that are held
CLAIM_ATTEMPTS = 3
PATIENCE = 5.0  # seconds that somebody waits for a name
logger = logging.getLogger(__name__)


class People:
    """Gives names to tabs and keeps them; says who is here."""

    def __init__(self, threads: Threads, group: Group, broadcast: Callable[[str], None]):
        """`broadcast` sends a frame to every socket of this process."""
        self._threads, self._group = threads, group
        self.presence = Presence(group.publish, broadcast)
        self._outage = Outage("names can't be given", "names can be given again")
        self._tabs: dict[str, set[Socket]] = {}
        self._claims: Batcher[tuple[Claim, asyncio.Future[Claimed]]] = Batcher(
            self._claim, self._claim_failed, capacity=5000, most=500
        )
        # A thousand who go at once, or say their first word, are a statement, not a thousand.
        self._speakers: Batcher[str] = self._noting(claims.spoke)
        self._departed: Batcher[str] = self._noting(claims.free)
        self._errands: set[asyncio.Task[None]] = set()
        self.tasks = (
            self._claims.run,
            self._speakers.run,
            self._departed.run,
            self._beat,
            self._see,
        )
        group.on("presence", self.presence.hear)
        group.on("you", self._hear_rename)

    # --- names -----------------------------------------------------------------------------------
    async def claim(self, claim: Claim) -> Claimed:
        """Ask for a name. Raises `FrameError("busy")` where the database doesn't answer.

        What waits then is not asked for any more; what is granted even so, their tabs are told.
        """
        answer: asyncio.Future[Claimed] = asyncio.get_running_loop().create_future()
        try:
            self._claims.put((claim, answer))
        except Full:
            raise FrameError("busy", retry_after=1) from None
        try:
            async with asyncio.timeout(PATIENCE):
                return await answer
        except TimeoutError:
            raise FrameError("busy", retry_after=2) from None

    async def _claim(self, waiting: list[tuple[Claim, asyncio.Future[Claimed]]]) -> None:
        waiting = [(claim, answer) for claim, answer in waiting if not answer.done()]
        if not waiting:
            return  # nobody waits for it any more
        wanted = [claim for claim, _ in waiting]
        for again in range(CLAIM_ATTEMPTS - 1, -1, -1):
            try:
                answers = await self._threads.run(claims.claim, wanted)
                break
            except DatabaseError as error:
                if not again:  # no name given away elsewhere, nor a connection that was dead
                    self._outage.begins(error)
                    raise
        self._outage.ends()
        for (claim, answer), claimed in zip(waiting, answers, strict=True):
            if not answer.done():
                answer.set_result(claimed)
            elif claimed.name:  # too late: they were told `busy`, or are gone
                self.renamed(claim.member_id, claimed)

    def _claim_failed(self, waiting: list[tuple[Claim, asyncio.Future[Claimed]]]) -> None:
        for _, answer in waiting:
            if not answer.done():
                answer.set_exception(FrameError("busy", retry_after=1))

    def spoke(self, member_id: str) -> None:
        """Someone with a cookie has spoken: their name is kept for days."""
        with contextlib.suppress(Full):
            self._speakers.put(member_id)

    def _noting(self, write: Callable[[list[str]], None]) -> Batcher[str]:
        """Writes down what is lost without harm where the database is away."""

        async def note(member_ids: list[str]) -> None:
            await self._threads.run(write, member_ids)

        return Batcher(note, capacity=10_000, most=500)

    def _start(self, errand: Coroutine[Any, Any, None]) -> None:
        async def run() -> None:
            try:
                await errand
            except (DatabaseError, FrameError) as error:
                logger.debug("not written down: %r", error)  # others speak of an outage

        task = asyncio.create_task(run())
        self._errands.add(task)  # the loop keeps only weak references
        task.add_done_callback(self._errands.discard)

    async def stop(self) -> None:
        """Finish what was begun; this process's people are not here any more."""
        self.presence.depart()
        await asyncio.gather(*self._errands, self._speakers.drained(), self._departed.drained())

    def online(self) -> dict[str, Any]:
        """The `online` of a `hello`."""
        return self.presence.online()

    # --- tabs ------------------------------------------------------------------------------------
    def arrive(self, tab: Socket) -> None:
        """`tab` is there. Another one may have taken a new name since it asked for its own."""
        name = self.presence.name(tab.member_id)
        if tab.name and name:
            tab.name = name
        self._tabs.setdefault(tab.member_id, set()).add(tab)

    def leave(self, tab: Socket) -> None:
        tabs = self._tabs.get(tab.member_id, set())
        tabs.discard(tab)
        if not tabs:
            self._tabs.pop(tab.member_id, None)
        if tab.name is not None:
            self.presence.leave(tab.member_id)
            if tab.guest:
                self.free(tab.member_id)
            tab.name = None

    def free(self, member_id: str) -> None:
        """Someone without cookie and token is gone, for good: their name is free."""
        with contextlib.suppress(Full):  # then it is in a minute
            self._departed.put(member_id)

    def named(self, tab: Socket, claimed: Claimed) -> None:
        """`tab` has joined under a name; the member's other tabs follow."""
        if claimed.name:
            self._name(tab, claimed.name)
        self.renamed(tab.member_id, claimed)

    def renamed(self, member_id: str, claimed: Claimed) -> None:
        """A member may have a new name: its tabs, in all processes, follow."""
        if claimed.renamed and claimed.name:
            self._rename(member_id, claimed.name)
            self._group.publish({"type": "you", "id": member_id})

    def _name(self, tab: Socket, name: str) -> None:
        if tab.name is None:
            self.presence.enter(tab.member_id, name)
        else:
            self.presence.rename(tab.member_id, name)
        tab.name = name

    def _rename(self, member_id: str, name: str) -> None:
        for tab in self._tabs.get(member_id, ()):
            if tab.name != name:
                self._name(tab, name)
                tab.renamed(name)

    # --- hints and heartbeats --------------------------------------------------------------------
    def _hear_rename(self, hint: dict[str, Any]) -> None:
        self._start(self._follow(hint["id"]))

    async def _beat(self) -> None:
        while True:
            self.presence.beat()
            await asyncio.sleep(BEAT)

    async def _see(self) -> None:
        while True:
            await asyncio.sleep(SEEN)
            with contextlib.suppress(DatabaseError, FrameError):  # others speak of an outage
                here = self.presence.local_names()
                held = await self._threads.run(claims.seen, here)
                for member_id, name in here.items():
                    if held.get(member_id) != name:
                        await self._follow(member_id)

    async def _follow(self, member_id: str) -> None:
        """Call the member what the database calls it, and hold that name.

        A hint of a rename says no more than that: two processes that each took the other's word
        would swap names. Where this process was cut off for so long that the name was given to
        somebody else, its tabs have to join again.
        """
        tabs = list(self._tabs.get(member_id, ()))
        if not tabs:
            return
        claimed = await self.claim(Claim(member_id, None, tabs[0].address))
        if claimed.name:
            self._rename(member_id, claimed.name)
            return
        for tab in tabs:
            tab.dismiss("resync", "Your name was given to someone else meanwhile.")
