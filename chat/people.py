"""The people of this process: names asked for, tabs that share one, presence, refreshed holds."""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from django.db import Error as DatabaseError

from chat import members
from chat.batcher import Batcher, Full
from chat.database import Threads
from chat.group import Group
from chat.members import Claim, Claimed
from chat.presence import Presence
from chat.protocol import FrameError

BEAT = 1.0  # seconds between two looks at who has come and gone
SEEN = 15.0  # seconds between two refreshes of the names that are held
logger = logging.getLogger(__name__)


class Tab(Protocol):
    """A socket, as far as names go. Sockets with the same cookie have the same member."""

    member_id: str
    name: str | None  # while it has joined under one

    def renamed(self, name: str) -> None:
        """Another tab of the member has taken a name; it is this one's, too."""


class People:
    """Gives names to tabs and keeps them; says who is here."""

    def __init__(self, threads: Threads, group: Group, tell: Callable[[str], None]):
        """`tell` sends a frame to every socket of this process."""
        self._threads, self._group = threads, group
        self.presence = Presence(group.publish, tell)
        self._tabs: dict[str, set[Tab]] = {}
        self._claims: Batcher[tuple[Claim, asyncio.Future[Claimed]]] = Batcher(
            self._claim, self._claim_failed, capacity=5000, most=500
        )
        self._errands: set[asyncio.Task] = set()
        self.tasks = (self._claims.run, self._beat, self._see)
        group.on("presence", self._hear_presence)
        group.on("you", self._hear_rename)

    # --- names -----------------------------------------------------------------------------------
    async def claim(self, claim: Claim) -> Claimed:
        """Ask for a name. Raises `FrameError("busy")` where the database doesn't answer."""
        answer: asyncio.Future[Claimed] = asyncio.get_running_loop().create_future()
        try:
            self._claims.put((claim, answer))
        except Full:
            raise FrameError("busy", retry_after=1) from None
        return await answer

    async def _claim(self, waiting: list[tuple[Claim, asyncio.Future[Claimed]]]) -> None:
        answers = await self._threads.run(members.claim, [claim for claim, _ in waiting])
        for (_, answer), claimed in zip(waiting, answers, strict=True):
            if not answer.done():  # its socket may be gone
                answer.set_result(claimed)

    def _claim_failed(self, waiting: list, error: Exception) -> None:
        for _, answer in waiting:
            if not answer.done():
                answer.set_exception(FrameError("busy", retry_after=1))

    def spoke(self, member_id: str) -> None:
        """Someone with a cookie has spoken: their name is kept for days."""
        self._run(members.spoke, [member_id])

    def release(self, member_id: str) -> None:
        """Someone without a cookie is gone, for good: their name is free."""
        self._run(members.release, [member_id])

    def _run(self, job: Callable, *args) -> None:
        async def errand():
            try:
                await self._threads.run(job, *args)
            except DatabaseError as error:
                logger.warning("%s was not written down: %s", job.__name__, error)

        task = asyncio.create_task(errand())
        self._errands.add(task)  # the loop keeps only weak references
        task.add_done_callback(self._errands.discard)

    # --- tabs ------------------------------------------------------------------------------------
    def arrive(self, tab: Tab) -> None:
        """`tab` reads along, so far without a name."""
        self._tabs.setdefault(tab.member_id, set()).add(tab)

    def leave(self, tab: Tab) -> None:
        tabs = self._tabs.get(tab.member_id, set())
        tabs.discard(tab)
        if not tabs:
            self._tabs.pop(tab.member_id, None)
        if tab.name is not None:
            self.presence.leave(tab.member_id)
            tab.name = None

    def named(self, tab: Tab, claimed: Claimed) -> None:
        """`tab` has joined under a name; the member's other tabs, in all processes, follow."""
        self._name(tab, claimed.name)
        if claimed.renamed:
            self._rename(tab.member_id, claimed.name)
            self._group.publish({"type": "you", "id": tab.member_id, "name": claimed.name})

    def _name(self, tab: Tab, name: str) -> None:
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
    def _hear_rename(self, hint: dict) -> None:
        if hint["process"] != self._group.process:
            self._rename(hint["id"], hint["name"])

    def _hear_presence(self, hint: dict) -> None:
        if hint["process"] != self._group.process:
            self.presence.hear(hint)

    async def _beat(self) -> None:
        while True:
            self.presence.beat()
            await asyncio.sleep(BEAT)

    async def _see(self) -> None:
        while True:
            await asyncio.sleep(SEEN)
            try:
                await self._threads.run(members.seen, self.presence.local_ids())
            except DatabaseError as error:
                logger.warning("names could not be refreshed: %s", error)
