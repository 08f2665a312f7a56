"""The people of this process: tabs that share a name, presence, refreshed holds."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from django.db import Error as DatabaseError

from chat.members import claims
from chat.members.claims import Claim, Claimed
from chat.policy.names import name_limiter
from chat.protocol.errors import FrameError
from chat.relay.group import Group
from chat.relay.people.names import Names
from chat.relay.people.notes import Notes
from chat.relay.people.presence import Presence
from chat.relay.people.typing import Typing
from chat.relay.socket import Socket
from chat.relay.work.threads import Threads

BEAT = 1.0  # seconds between two looks at who has come and gone
SEEN = 15.0  # seconds between two refreshes of the names that are held
logger = logging.getLogger(__name__)


class People:
    """Keeps the names of tabs; says who is here.

    `typing` says who types. `claim` is that of `Names`; `spoke` and `free` are those of `Notes`.
    """

    def __init__(self, threads: Threads, group: Group, broadcast: Callable[[str], None]):
        """`broadcast` sends a frame to every socket of this process."""
        self._threads, self._group = threads, group
        self.presence = Presence(group.publish, broadcast)
        self.typing = Typing(group.publish, broadcast, self.presence.count)
        self._names = Names(threads, late=self._granted_late)
        self._notes = Notes(threads)
        self.claim = self._names.claim
        self.spoke, self.free = self._notes.spoke, self._notes.free
        self._tabs: dict[str, set[Socket]] = {}
        self._errands: set[asyncio.Task[None]] = set()
        self.tasks = (*self._names.tasks, *self._notes.tasks, self._beat, self._see)
        group.on("presence", self.presence.hear)
        group.on("you", self._hear_rename)
        group.on("typing", self.typing.hear)

    async def stop(self) -> None:
        """Finish what was begun; this process's people are not here any more."""
        self.presence.depart()
        await asyncio.gather(*self._errands, self._notes.drained())

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

    def _granted_late(self, claim: Claim, claimed: Claimed) -> None:
        if claimed.renamed:
            name_limiter.took(claim.address)
        self.renamed(claim.member_id, claimed)

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

    def _start(self, errand: Coroutine[Any, Any, None]) -> None:
        async def run() -> None:
            try:
                await errand
            except (DatabaseError, FrameError) as error:
                logger.debug("not done: %r", error)  # others speak of an outage

        task = asyncio.create_task(run())
        self._errands.add(task)  # the loop keeps only weak references
        task.add_done_callback(self._errands.discard)

    async def _beat(self) -> None:
        while True:
            self.presence.beat()
            await asyncio.sleep(BEAT)

    async def _see(self) -> None:
        while True:
            await asyncio.sleep(SEEN)
            here = self.presence.local_names()
            try:
                held = await self._threads.run(claims.seen, here)
            except DatabaseError:  # others speak of an outage
                continue
            for member_id, name in here.items():
                if held.get(member_id) != name:  # one that can't be asked for keeps no other
                    self._start(self._follow(member_id))

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
