"""The relay, one per process: between the sockets and the room.

It brings what is stored to every socket, in the order and with the promises of
chat/relay/following/tail.py, and hands what is said and changed to the writer.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Sequence
from typing import Any

from chat.log import reactions, read
from chat.log.batch import HINT, Batch, Event
from chat.log.entries import Entry
from chat.members.generations import renew
from chat.policy.refusals import refusals
from chat.protocol import outgoing
from chat.protocol.errors import FrameError
from chat.relay.acts import Acts
from chat.relay.broadcast import Broadcast
from chat.relay.catching_up import CatchingUp
from chat.relay.following.reader import Reader
from chat.relay.following.tail import Tail
from chat.relay.group import Group
from chat.relay.people.people import People
from chat.relay.rules import Rules
from chat.relay.socket import Socket
from chat.relay.work.tasks import Tasks
from chat.relay.work.threads import Threads
from chat.relay.writing.waiting import Settle
from chat.relay.writing.writer import Writer

TICK = 15.0
REPORT = 60.0  # seconds between two reports of who was refused what
RETURN = (0.5, 5.0)  # seconds after which a client may come back to a process that restarts
FAREWELL = 2.0  # seconds that the authors of what waits may be kept from their `bye`
LOOKING_BACK = 20  # who may read, or wait to read, what was said long ago
STOP = 4.0  # seconds that the end of a process may take after that
logger = logging.getLogger(__name__)


class Relay:
    """To be made, used and stopped in one event loop; all its methods are for that loop only.

    `tail` is where this process is in the history, `rules` what is in force, `people` who is here.
    """

    def __init__(self) -> None:
        self.ending = False  # nothing new is begun
        self._accepted: set[Socket] = set()
        self._broadcast = Broadcast(self._fell_behind)
        self._threads = Threads("chat-work", 2, keep=True)
        self._writing = Threads("chat-write", 1, keep=True)
        # Strangers ask for it as often as they like: it keeps no other work waiting.
        self._looking_back = Threads("chat-history", 1, keep=True, most=LOOKING_BACK)
        self.rules = Rules(self._threads, self._broadcast)
        self.tail = Tail(
            Reader(self._threads),
            tell_authors=lambda: self._writer.tell_authors(),
            deliver=self._broadcast.send,
            begin_afresh=self._begin_afresh,
            follow_rules=self.rules.follow,
        )
        self._catching_up = CatchingUp(self.tail, self._broadcast)
        self._writer = Writer(
            self._writing,
            self._threads,
            position=lambda: self.tail.position if self.tail.has_begun else None,
            committed=self._committed,
        )
        self.group = Group()
        self.group.on(HINT, lambda hint: self.tail.hear(Batch.of_hint(hint)))
        self._acts = Acts(self._threads, self._look)
        self.group.on("look", lambda hint: self._nudge())
        self.people = People(self._threads, self.group, self._broadcast.send)
        self._tasks = Tasks(
            *self._writer.tasks,
            *self.tail.tasks,
            *self.group.tasks,
            *self.people.tasks,
            *self._acts.tasks,
            self._tick,
            _report,
        )

    async def started(self) -> None:
        """`Tail.started`. Raises `FrameError("busy")`, also where this process ends."""
        if self.ending:
            raise FrameError("busy", retry_after=_return())
        await self.tail.started()

    @property
    def takes_posts(self) -> bool:
        """Whether a post that comes now would be tried."""
        return self._writer.takes_posts

    async def farewell(self) -> None:
        """This process ends: tell the authors of what waits, then every socket."""
        self.ending = True
        self.tail.end()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                await self._writer.drained()
        for socket in list(self._accepted):
            _send_away(socket)

    async def stop(self) -> None:
        """Store what waits, tell the other processes, then end all tasks and threads."""
        self.ending = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP):
                # Side by side: where the database hangs, the others hear who is gone even so.
                await asyncio.gather(self._writer.drained(), self.people.stop())
                await self.group.drained()
        await self._tasks.stop()
        await asyncio.to_thread(self._writing.stop)
        await asyncio.to_thread(self._looking_back.stop)
        await asyncio.to_thread(self._threads.stop)

    # --- sockets ---------------------------------------------------------------------------------
    def welcome(self, socket: Socket) -> None:
        """`socket` is accepted. It has not joined yet, but hears when this process ends."""
        self._accepted.add(socket)
        if self.ending:
            _send_away(socket)

    def attend(self, socket: Socket) -> None:
        """From now on `socket` is here. Messages it gets when it is told to `follow`."""
        self._broadcast.attend(socket)
        self.people.arrive(socket)

    def follow(self, socket: Socket, missed: Sequence[Batch], *, keeps_up: bool) -> None:
        """Send `missed`, which was just asked of `tail`, and from there on all that comes;
        not yet, where the socket doesn't keep up with reading."""
        self._catching_up.begin(socket, missed, keeps_up=keeps_up)

    def _fell_behind(self, socket: Socket, seq: int) -> None:
        self._catching_up.go_on(socket, seq)

    def leave(self, socket: Socket) -> None:
        self._catching_up.end(socket)
        self._accepted.discard(socket)
        self._broadcast.discard(socket)
        self.people.leave(socket)

    def hello(self, you: dict[str, Any] | None, *, resumed: bool) -> str:
        here = self.tail.position
        return outgoing.hello(
            epoch=here.epoch,
            seq=here.seq,
            you=you,
            room=self.rules.room,
            online=self.people.online(),
            resumed=resumed,
        )

    def tick(self) -> str:
        return outgoing.tick(self.tail.position.epoch, self.tail.seq)

    def ping(self, socket: Socket) -> None:
        """Give `socket` a tick with what the database has after this moment; one that is behind
        hears how far it is: it would take the difference for something lost, and join again."""
        self.tail.ask(lambda: self._answer_ping(socket))

    def _answer_ping(self, socket: Socket) -> None:
        reached = self._catching_up.reached(socket)
        here = reached or self.tail.position
        socket.send_text(outgoing.tick(here.epoch, reached.seq if reached else self.tail.seq))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            if self.tail.has_begun:
                self._broadcast.send(self.tick(), to_all=False)

    # --- messages --------------------------------------------------------------------------------
    async def older(self, seq: int, limit: int) -> tuple[list[Event], bool]:
        """`log.before`. Raises `DatabaseError`, and `FrameError("busy")` where many read."""
        return await self._looking_back.run(read.before, seq, limit)

    async def these(self, seqs: Sequence[int]) -> tuple[list[Event], bool]:
        """`log.these`. Raises as `older`."""
        return await self._looking_back.run(read.these, seqs)

    async def reactions(self, seq: int) -> list[dict[str, Any]]:
        """`log.reactions.people`. Raises as `older`."""
        return await self._looking_back.run(reactions.people, seq)

    async def reactions_of(self, member_id: str, seqs: Sequence[int]) -> list[dict[str, Any]]:
        """`log.reactions.of_member`. Raises as `older`."""
        return await self._looking_back.run(reactions.of_member, member_id, seqs)

    def write(self, entry: Entry, settle: Settle, refusal: FrameError | None = None) -> None:
        """Store `entry`, soon; `settle` hears of it before anybody gets the message.

        With a `refusal` nothing is stored: `settle` gets the refusal, or where it had been stored
        before. Raises `FrameError` where it will not be tried.
        """
        self._writer.write(entry, settle, refusal)

    def _committed(self, batches: list[Batch]) -> None:
        """What is stored goes to the other processes by the group, and here without it."""
        for batch in batches:
            self.group.publish(batch.as_hint())
            self.tail.hear(batch)

    def _nudge(self) -> None:
        self.tail.nudge()
        self._acts.nudge()

    def _look(self) -> None:
        """Something has changed in the database: every process looks now."""
        self.group.publish({"type": "look"})
        self.tail.nudge()

    def _begin_afresh(self) -> None:
        """What was delivered belongs to another history: so does whoever is here."""
        self._broadcast.begin_afresh()
        for socket in list(self._broadcast.sockets):
            socket.dismiss("resync", "The room's history was restored.")

    # --- members ---------------------------------------------------------------------------------
    async def sign_out_others(self, member_id: str) -> int | None:
        """Make a member's cookies and tokens nobody's, but for those of the generation that is
        returned; None as by `renew`. Raises `DatabaseError`."""
        generation = await self._threads.run(renew, member_id)
        if generation is not None:
            self._look()
        return generation


def _return() -> float:
    return round(random.uniform(*RETURN), 1)


def _send_away(socket: Socket) -> None:
    socket.dismiss("restart", "The server restarts.", _return())


async def _report() -> None:
    """Say who was refused what, until cancelled."""
    while True:
        await asyncio.sleep(REPORT)
        for line in refusals.lines():
            logger.warning("%s", line)
