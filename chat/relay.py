"""The relay, one per process: it brings what is stored to every socket, in order, with no gap.

The log is the truth, the channel layer a hint. Batches come, as hints, from the writers of all
processes, and are delivered in the order of their numbers. A batch that is early waits a moment
for its predecessor, then the gap is read from the log; one that is old is ignored. Every second
or two the counter in the database is looked at, so what the channel layer lost comes late, no
more.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Coroutine
from typing import Protocol

from django.db import Error as DatabaseError

from chat import log, protocol
from chat.bans import Bans
from chat.batch import Batch, Event
from chat.batcher import Batcher, Full
from chat.database import Threads
from chat.group import Group
from chat.models import Ban, Room
from chat.order import Order
from chat.people import People, Tab
from chat.protocol import FrameError, Since
from chat.ring import LATEST, Ring
from chat.writer import Settle, Writer

EARLY = 0.2  # seconds that a batch waits for its predecessor, or for its echo
TAIL = (1.0, 2.0)  # seconds between two looks at the counter
TICK = 15.0
RETURN = (0.5, 5.0)  # seconds after which a client may come back to a process that restarts
STOP = 6.0  # seconds that the end of a process may take
START = 5.0  # seconds that a socket waits for the history to be read
RING = 1000
logger = logging.getLogger(__name__)


class Socket(Tab, Protocol):
    """What the relay knows of a consumer."""

    address: str | None

    def send_text(self, text: str) -> None:
        """Send a frame, without waiting."""

    def dismiss(self, code: str, message: str, retry_after: float | None = None) -> None:
        """Say `bye` and close."""


class Relay:
    """To be made, used and stopped in one event loop; all its methods are for that loop only."""

    def __init__(self):
        self.room: dict = {}
        self.bans = Bans()
        self._order: Order | None = None
        self._head: log.Head | None = None  # where the database was last seen to stand
        self._version: int | None = None  # of the room and the bans as they are in force here
        self._sockets: set[Socket] = set()  # that have everything up to ring.seq
        self._started = asyncio.Event()
        self._mending = asyncio.Event()
        self._looking = asyncio.Lock()
        self._blind = False
        self._threads = Threads("chat-work", 2)
        self._writing = Threads("chat-write", 1, keep=True)
        self._writer = Writer(self._writing, self._threads, self._committed)
        self._pings: Batcher[Callable[[], None]] = Batcher(
            self._answer_pings, capacity=100_000, most=100_000
        )
        self.group = Group()
        self.group.on("batch", self._hear)
        self._nudged = asyncio.Event()
        self.group.on("look", lambda hint: self._nudged.set())
        self.people = People(self._threads, self.group, self.tell)
        self._tasks = [
            asyncio.create_task(_survive(work))
            for work in (
                *self._writer.tasks,
                self._watch,
                self._mend,
                self._tick,
                self._pings.run,
                *self.group.tasks,
                *self.people.tasks,
            )
        ]

    async def started(self) -> None:
        """Wait until the history is here, up to what this process has stored.

        Raises `FrameError("busy")` if that takes too long.
        """
        try:
            async with asyncio.timeout(START):
                await self._started.wait()
        except TimeoutError:
            raise FrameError("busy", retry_after=2) from None
        # Who asks now may know what we have stored and not heard back of yet.
        self._order.release()

    def farewell(self) -> None:
        """Tell every socket that this process ends. They come back spread over some seconds."""
        for socket in list(self._sockets):
            socket.dismiss("restart", "The server restarts.", round(random.uniform(*RETURN), 1))

    async def stop(self) -> None:
        """Store what waits, tell the other processes, then end all tasks and threads."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP):
                await self._writer.drained()
                await self.people.stop()
                await self.group.drained()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._writing.stop)
        await asyncio.to_thread(self._threads.stop)

    @property
    def ring(self) -> Ring:
        """What has been delivered; there once `started`."""
        return self._order.ring

    # --- sockets ---------------------------------------------------------------------------------
    def hello(self, you: dict | None, *, resumed: bool) -> str:
        return protocol.hello(
            epoch=self.ring.epoch,
            seq=self.ring.seq,
            you=you,
            room=self.room,
            online=self.people.presence.online(),
            resumed=resumed,
        )

    def tick(self) -> str:
        return protocol.tick(self.ring.epoch, max(self.ring.seq, self._head.seq))

    def ping(self, answer: Callable[[str], None]) -> None:
        """Give `answer` a tick with what the database has after this moment."""
        with contextlib.suppress(Full):  # the next tick comes anyway
            self._pings.put(lambda: answer(self.tick()))

    async def _database_seq(self) -> int:
        asked = asyncio.get_running_loop().create_future()
        self.ping(lambda tick: asked.done() or asked.set_result(None))
        await asked
        return self._head.seq

    async def _answer_pings(self, answers: list[Callable[[], None]]) -> None:
        """One query for all who have asked while the last one was on its way."""
        with contextlib.suppress(DatabaseError):  # then it is what we last knew
            head = await self._threads.run(log.head)
            if head.epoch == self.ring.epoch:
                self._head = head
        for answer in answers:
            answer()

    async def resumable(self, since: Since | None) -> bool:
        """Whether a client with this position can go on from there.

        One that is ahead of this process may be right: another process may have told it of what
        this one has not seen yet.
        """
        if since is None or since.epoch != self.ring.epoch:
            return False
        if since.seq > self.ring.seq:
            with contextlib.suppress(DatabaseError):
                if await self._database_seq() >= since.seq:
                    await self._look(at_least=since.seq)
        return since.epoch == self.ring.epoch and self.ring.floor <= since.seq <= self.ring.seq

    def attend(self, socket: Socket) -> None:
        """From now on `socket` gets what comes after `ring.seq`, and all the rest."""
        self._sockets.add(socket)
        self.people.arrive(socket)

    def leave(self, socket: Socket) -> None:
        self._sockets.discard(socket)
        self.people.leave(socket)

    def tell(self, text: str) -> None:
        """Send a frame to every socket of this process."""
        for socket in list(self._sockets):
            try:
                socket.send_text(text)
            except Exception:
                logger.exception("a frame could not be sent")

    async def older(self, seq: int, limit: int) -> tuple[list[Event], bool]:
        """`log.before`. Raises `DatabaseError`."""
        return await self._threads.run(log.before, seq, limit)

    # --- posts -----------------------------------------------------------------------------------
    def post(self, draft: log.Draft, settle: Settle, refusal: FrameError | None = None) -> None:
        """Store `draft`, soon; `settle` hears of it before anybody gets the message.

        With a `refusal` nothing is stored: `settle` gets the refusal, or the seq of a message
        that had been stored before. Raises `FrameError` where it will not be tried.
        """
        if self.room["mode"] == Room.Mode.READ_ONLY:
            refusal = FrameError("read_only")
        self._writer.post(draft, settle, refusal)

    def _committed(self, batches: list[Batch]) -> None:
        """What is stored goes to all by the group, to this process, too.

        It is held here as well: a channel layer that loses it costs a moment, and no query.
        """
        for batch in batches:
            self._order.hold(batch)
            self.group.publish(batch.as_hint(), lost=self._mending.set)
        self._mend_soon()

    # --- ordering --------------------------------------------------------------------------------
    def _hear(self, hint: dict) -> None:
        if self._order and self._order.receive(Batch.of_hint(hint)):
            self._mend_soon()

    def _mend_soon(self) -> None:
        asyncio.get_running_loop().call_later(EARLY, self._mending.set)

    async def _mend(self) -> None:
        """Close gaps, with what is held here or else with what the log has."""
        while True:
            await self._mending.wait()
            self._mending.clear()
            self._order.release()
            if self._order.waits:
                with contextlib.suppress(DatabaseError):  # `_watch` tries again, and says so
                    await self._look()

    async def _watch(self) -> None:
        while True:
            try:
                await self._look()
            except DatabaseError as error:
                if not self._blind:  # one line an outage
                    logger.warning("the history can't be read: %s", error)
                self._blind = True
            else:
                self._blind = False
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._nudged.wait(), random.uniform(*TAIL))
            self._nudged.clear()

    async def _look(self, at_least: int | None = None) -> None:
        """Look where the database stands, and deliver whatever has not been delivered.

        With `at_least` only if that number has not been delivered by now.
        """
        async with self._looking:
            if at_least is not None and self.ring.seq >= at_least:
                return
            head = await self._threads.run(log.head)
            if self._order is None or head.epoch != self.ring.epoch:
                await self._begin(head)
            self._head = head
            if head.version != self._version:
                await self._read_rules()
                self._version = head.version
            self._started.set()
            while self.ring.seq < head.seq:
                for batch in await self._threads.run(log.after, self.ring.seq):
                    if batch.epoch != head.epoch:
                        return  # restored while we read; the next look begins afresh
                    async with self._writer.settling:  # an author hears `accepted` first
                        self._order.receive(batch)
            if self.ring.short:
                self.ring.refill(await self._threads.run(log.latest, 2 * LATEST))

    async def _begin(self, head: log.Head) -> None:
        """Read the newest part of a history that is new to us, at the start or after a restore."""
        known = await self._threads.run(log.recent, head, RING)
        latest = await self._threads.run(log.latest, 2 * LATEST)
        restored = self._order is not None
        self._order = Order(Ring(head.epoch, head.seq, known, latest, size=RING), self._deliver)
        if restored:
            for socket in list(self._sockets):
                socket.dismiss("resync", "The room's history was restored.")

    async def _read_rules(self) -> None:
        """Read the room and the bans again, and put both into force."""
        room = (await self._threads.run(Room.objects.get)).as_fields()
        self.bans = Bans(await self._threads.run(list, Ban.objects.all()))
        if self.room and room != self.room:
            self.tell(protocol.room(**room))
        self.room = room
        for socket in list(self._sockets):
            try:
                self.bans.check(socket.member_id, socket.address)
            except FrameError as banned:
                socket.dismiss("banned", banned.message, banned.retry_after)

    def _deliver(self, batch: Batch) -> None:
        self.tell(batch.frame)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            if self._started.is_set():
                self.tell(self.tick())


async def _survive(work: Callable[[], Coroutine]) -> None:
    """Whatever happens to a task of the relay, it goes on."""
    while True:
        try:
            await work()
        except Exception:
            logger.exception("%s failed; it goes on", work.__qualname__)
            await asyncio.sleep(1)


_relays: dict[asyncio.AbstractEventLoop, Relay] = {}


def get_relay() -> Relay:
    """The relay of this process, made with its first use: Daphne has no start-up event."""
    loop = asyncio.get_running_loop()
    if loop not in _relays:
        _relays[loop] = Relay()
    return _relays[loop]


def running_relay() -> Relay | None:
    """The relay of this process, if it has been used."""
    return _relays.get(asyncio.get_running_loop())
