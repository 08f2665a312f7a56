"""The tail of the log: whatever is stored comes to this process in order, once, with no gap.

The log is the truth, the channel layer a hint. Batches come from the writer of this process, and
as hints from those of all others, and are delivered in the order of their numbers. A batch that is
early waits a moment for its predecessor, then the gap is read from the log; one that is old is
ignored. Every second or two the counter in the database is looked at, so what the channel layer
lost comes late, no more.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from django.db import Error as DatabaseError

from chat.log import head, read, upkeep
from chat.log.batch import Batch
from chat.log.head import Head, RowMissing
from chat.log.reorder import ReorderBuffer
from chat.log.replay import LATEST, ReplayBuffer
from chat.protocol.errors import FrameError
from chat.protocol.incoming import Since
from chat.relay.outage import Outage
from chat.relay.threads import Threads

EARLY = 0.2  # seconds that a batch waits for its predecessor
PAUSE = (1.0, 2.0)  # seconds between two looks at the counter
GATHER = 1.0  # seconds between two looks for those who ask: a thousand pages ping 45 times a second
ASKING = 100_000  # who wait for a look
ANSWER = 3.0  # seconds that they wait at most: a page takes 5 s of silence for a dead socket
START = 5.0  # seconds that somebody waits for the history to be read
REPLAYED = 1000  # numbers
logger = logging.getLogger(__name__)


class Tail:
    """Where this process is in the history, and how it gets on."""

    def __init__(
        self,
        threads: Threads,
        authors_first: asyncio.Lock,
        *,
        deliver: Callable[[Batch], None],
        begin_afresh: Callable[[], None],
        read_rules: Callable[[], Awaitable[None]],
    ):
        """What is read from the log is delivered under `authors_first`, when its authors know.

        `deliver` gets each batch that follows the last one; `begin_afresh` is called where the
        history is another one, `read_rules` where the room or the bans may have changed. The last
        may raise `DatabaseError`.
        """
        self._threads, self._authors_first = threads, authors_first
        self._hand_on, self._begin_afresh, self._read_rules = deliver, begin_afresh, read_rules
        self._reorder: ReorderBuffer | None = None
        self._head: Head | None = None  # where the database was last seen to stand
        self._rules: tuple[str, int] | None = None  # which room and bans are in force here
        self._started = asyncio.Event()
        self._nudged = asyncio.Event()
        self._mending = asyncio.Event()
        self._looking = asyncio.Lock()
        self._moved = asyncio.Event()  # set, and replaced, when the position changes
        self._outage = Outage("the history can't be read", "the history can be read again")
        self._ended = False
        self._asking: list[Callable[[], None]] = []
        self._looked = 0.0  # when, by the loop's clock
        self.tasks: tuple[Callable[[], Coroutine[Any, Any, None]], ...] = (self._watch, self._mend)

    async def started(self) -> None:
        """Wait until the history is here. Raises `FrameError("busy")` if that takes too long."""
        if self._started.is_set():
            return
        try:
            async with asyncio.timeout(START):
                await self._started.wait()
        except TimeoutError:
            raise FrameError("busy", retry_after=2) from None

    @property
    def has_begun(self) -> bool:
        """Whether there is a position."""
        return self._reorder is not None

    @property
    def position(self) -> Since:
        """What has been delivered; there once `started`."""
        return Since(self._replay.epoch, self._replay.seq)

    @property
    def seq(self) -> int:
        """As the database was last seen."""
        return max(self._replay.seq, self._head.seq if self._head else 0)

    def catch_up(self, since: Since | None) -> list[Batch]:
        """What brings a client from there to this process's position; one from nowhere gets the
        latest. There is always one batch.

        Whether it is `resumable` from `since` must have been asked since the last `await`: what the
        buffer no longer has would be a gap that nobody sees.
        """
        found = self._replay.after(since.seq) if since else self._replay.latest()
        assert found is not None, f"{since} is beyond the replay buffer"
        return found

    @property
    def _replay(self) -> ReplayBuffer:
        assert self._reorder
        return self._reorder.replay

    # --- what comes ------------------------------------------------------------------------------
    def hear(self, batch: Batch) -> None:
        """A batch was stored, by this process or by another one."""
        if self._reorder is None or batch.epoch != self._replay.epoch:
            self.nudge()
        elif self._reorder.receive(batch):
            asyncio.get_running_loop().call_later(EARLY, self._mending.set)

    def nudge(self) -> None:
        """Something has changed in the database: look now, not at the next turn."""
        self._nudged.set()

    # --- what is asked ---------------------------------------------------------------------------
    def ask(self, answer: Callable[[], None]) -> None:
        """Call `answer` when `seq` is what the database has after this moment.

        One look for all who ask within a second; where it fails or hangs, `seq` is what it was.
        """
        if len(self._asking) >= ASKING:
            answer()
            return
        if not self._asking:
            loop = asyncio.get_running_loop()
            loop.call_at(self._looked + GATHER, self.nudge)
            loop.call_later(ANSWER, _answer, self._asking)
        self._asking.append(answer)

    async def resumable(self, since: Since | None) -> bool:
        """Whether a client with this position can go on from there.

        One that is ahead of this process may be right: another process may have told it of what
        this one has not seen yet. Raises `FrameError("busy")` where the database doesn't answer.
        """
        if since is None or since.epoch != self._replay.epoch:
            return False
        if since.seq > self._replay.seq:
            try:
                async with asyncio.timeout(ANSWER):
                    await self._look(at_least=since.seq)
            except TimeoutError:
                raise FrameError("busy", retry_after=1) from None
            except DatabaseError:
                pass  # it is not known to be right, then
        return (
            since.epoch == self._replay.epoch
            and self._replay.floor <= since.seq <= self._replay.seq
        )

    async def moved(self, since: Since, seconds: float) -> None:
        """Wait until this process is elsewhere in the history than `since`, at most `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while since == self.position and not self._ended:
                    await self._moved.wait()

    def end(self) -> None:
        """This process ends: let go of who waits."""
        self._ended = True
        self._move()

    def _move(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    # --- how it gets on --------------------------------------------------------------------------
    async def _mend(self) -> None:
        """Close the gaps before what came early with what the log has."""
        while True:
            await self._mending.wait()
            self._mending.clear()
            if self._reorder and self._reorder.waits:
                with contextlib.suppress(DatabaseError):  # `_watch` tries again, and says so
                    await self._look()

    async def _watch(self) -> None:
        while True:
            asking, self._asking = self._asking, []
            self._looked = asyncio.get_running_loop().time()
            try:
                await self._look()
                self._outage.ends()
            except DatabaseError as error:
                self._outage.begins(error)
            finally:  # whatever went wrong, they wait for nothing else
                _answer(asking)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._nudged.wait(), random.uniform(*PAUSE))
            self._nudged.clear()

    async def _look(self, at_least: int | None = None) -> None:
        """Look where the database stands, and deliver whatever has not been delivered.

        With `at_least` only if that number has not been delivered by now.
        """
        async with self._looking:
            if at_least is not None and self._replay.seq >= at_least:
                return
            here, now = self.position if self.has_begun else None, await self._where()
            if here and now.epoch == here.epoch and now.seq < here.seq:
                # It was replaced by an older one: its next messages would have numbers that we
                # have told our clients other messages under.
                now = await self._threads.run(head.begin_anew, here)
                logger.warning("the database is older than what was delivered: a new epoch")
            reorder = self._reorder
            if reorder is None or now.epoch != reorder.replay.epoch:
                reorder = await self._begin(now)
            self._head = now
            if (rules := (now.epoch, now.version)) != self._rules:
                await self._read_rules()
                self._rules = rules
            self._started.set()
            while (position := self._replay.seq) < now.seq:
                for batch in await self._threads.run(read.after, self._replay.seq):
                    if batch.epoch != now.epoch:
                        return  # restored while we read; the next look begins afresh
                    async with self._authors_first:
                        reorder.receive(batch)
                if self._replay.seq == position:
                    return  # an older one was put in its place as we read; the next look sees it
            if self._replay.short:
                self._replay.refill(await self._threads.run(read.latest, 2 * LATEST))

    async def _where(self) -> Head:
        """The log's head; a row that must be there, and is gone, is made again."""
        try:
            return await self._threads.run(head.read_head)
        except RowMissing:
            await self._threads.run(upkeep.mend)
            return await self._threads.run(head.read_head)

    async def _begin(self, now: Head) -> ReorderBuffer:
        """Read the newest part of a history that is new to us, at the start or after a restore."""
        events = await self._threads.run(read.recent, now, REPLAYED)
        latest = await self._threads.run(read.latest, 2 * LATEST)
        restored = self.has_begun
        replay = ReplayBuffer(now.epoch, now.seq, events, latest, size=REPLAYED)
        reorder = self._reorder = ReorderBuffer(replay, self._deliver)
        if restored:
            self._begin_afresh()
        self._move()
        return reorder

    def _deliver(self, batch: Batch) -> None:
        self._hand_on(batch)
        self._move()


def _answer(asking: list[Callable[[], None]]) -> None:
    """Answer each who asks, once."""
    while asking:
        asking.pop()()
