"""The writer: what is said and changed waits here, is stored together, and its authors are told."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from django.db import Error as DatabaseError

from chat.log import append
from chat.log.batch import Batch
from chat.log.entries import Entry, Key
from chat.protocol import bounds
from chat.protocol.errors import FrameError
from chat.protocol.incoming import Since
from chat.relay.work.batcher import Batcher, Full
from chat.relay.work.outage import reason
from chat.relay.work.threads import Threads
from chat.relay.writing.retry import Retry, Unstorable, pauses
from chat.relay.writing.waiting import Attempt, Settle, Waiting

CAPACITY = 5000  # entries that wait to be stored, and as many that wait to be looked up
IDLE = Attempt([])
MOMENT = 0.1  # seconds in which an attempt is mostly over
logger = logging.getLogger(__name__)


class Writer:
    """Stores entries in batches, in the order in which they come; `committed` is told of each
    batch once it is durable.

    The author hears of it first: `settle` is called before `committed`, and whoever reads the log
    besides the writer awaits `tell_authors`, so as not to be faster. `position` is the one that
    was delivered: a log that is behind it gets a new epoch before anything is stored.
    """

    def __init__(
        self,
        writing: Threads,
        reading: Threads,
        *,
        position: Callable[[], Since | None],
        committed: Callable[[list[Batch]], None],
    ):
        self._reading, self._position, self._committed = reading, position, committed
        self._retry = Retry(writing, self._give_back)
        self._pending: Counter[Key] = Counter()  # what is to be stored, by key
        self._attempt = IDLE
        self._queue: Batcher[Waiting] = Batcher(
            self._store,
            self._fail,
            capacity=CAPACITY,
            most=bounds.BATCH_MESSAGES,
            weigh=lambda waiting: waiting.entry.size,
            heaviest=bounds.BATCH_BYTES,
        )
        self._lookups: Batcher[Waiting] = Batcher(
            self._look_up, self._fail, capacity=CAPACITY, most=bounds.BATCH_MESSAGES
        )
        self.tasks = (self._queue.run, self._lookups.run)

    @property
    def takes_posts(self) -> bool:
        """Whether what comes now is tried. It is `busy` while what came before is in trouble."""
        return not self._retry.in_trouble

    async def drained(self) -> None:
        """Wait until all that waits is settled."""
        await self._queue.drained()
        await self._lookups.drained()  # what was given back is there

    def write(self, entry: Entry, settle: Settle, refusal: FrameError | None) -> None:
        """Queue `entry`; with a `refusal` only to see whether it had been stored before.

        That look is owed: `rejected` promises that it is not stored, and this may be the retry of
        what is. So it is with `busy`, which is raised only where more wait for a database than
        there is room for.
        """
        # It may be stored any moment: however full the queue, `busy` would be no true answer.
        owed = entry.key in self._pending or entry.key in self._attempt.keys
        if not owed and refusal is None and (self._retry.in_trouble or self._queue.is_full):
            refusal = _busy()
        to_store = owed or refusal is None
        waiting = Waiting(entry, settle, refusal or _busy(), to_store)
        try:
            (self._queue if to_store else self._lookups).put(waiting, owed=owed)
        except Full:
            raise _busy() from None
        if to_store:
            self._pending[entry.key] += 1

    async def tell_authors(self) -> None:
        """To be awaited between reading the log and delivering what was read: whose message may
        be in it knows by then. Raises `DatabaseError`.

        An attempt that takes longer than a moment is not waited for: what came of it so far is
        looked up. So nobody waits for a writer that is in trouble.
        """
        attempt = self._attempt
        if attempt.in_doubt:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(MOMENT):
                    await attempt.over.wait()
        if in_doubt := attempt.in_doubt:
            found = await self._reading.run(append.find, _entries(in_doubt))
            for waiting, stored in zip(in_doubt, found, strict=True):
                if stored:
                    self._tell(waiting, replace(stored, fresh=True))

    async def _store(self, batch: list[Waiting]) -> None:
        self._attempt = Attempt(batch)
        try:
            await self._store_together(batch)
        except Unstorable:
            for waiting in self._attempt.in_doubt:  # one of them can't be stored; the others can
                await self._store_alone(waiting)
        finally:
            self._attempt.over.set()
            self._attempt = IDLE

    async def _store_together(self, batch: list[Waiting]) -> None:
        outcomes, batches = await self._retry.store(_entries(batch), self._position)
        self._settle(batch, outcomes)
        self._committed(batches)

    async def _store_alone(self, waiting: Waiting) -> None:
        try:
            await self._store_together([waiting])
        except Unstorable as error:
            logger.error(
                "an entry can't be stored: %s",
                reason(error.__cause__ or error),
            )
            # By now it isn't; but an earlier attempt may have had an end that nobody heard of.
            waiting.refusal = FrameError("invalid_text", "The room can't store this.")
            self._settle([waiting], await self._retry.find([waiting.entry]))

    async def _look_up(self, batch: list[Waiting]) -> None:
        """Try until it is known, too: neither `busy` nor the refusal is true of what is stored."""
        for pause in pauses():
            try:
                found = await self._reading.run(append.find, _entries(batch))
            except DatabaseError:  # of an outage, others speak
                await asyncio.sleep(pause)
            else:
                self._settle(batch, found)
                return

    def _give_back(self) -> None:
        """What was never tried is not tried any more: it is `busy`, unless it was stored before."""
        for waiting in self._queue.drop(lambda waiting: not self._is_tried(waiting)):
            self._forget(waiting)
            waiting.refusal = _busy()
            try:
                self._lookups.put(waiting)
            except Full:
                self._fail([waiting])

    def _is_tried(self, waiting: Waiting) -> bool:
        return waiting.entry.key in self._attempt.keys

    def _fail(self, batch: list[Waiting]) -> None:
        for waiting in batch:
            self._tell(waiting, _busy())

    def _settle(self, batch: list[Waiting], outcomes: Sequence[append.Outcome | None]) -> None:
        """Where there is no outcome, it is not stored, and the refusal is true."""
        for waiting, outcome in zip(batch, outcomes, strict=True):
            self._tell(waiting, outcome or waiting.refusal)

    def _tell(self, waiting: Waiting, outcome: append.Outcome) -> None:
        if not waiting.settled:
            self._forget(waiting)
            waiting.tell(outcome)

    def _forget(self, waiting: Waiting) -> None:
        """It is not to be stored any more."""
        if waiting.to_store:
            waiting.to_store = False
            self._pending[waiting.entry.key] -= 1
            if not self._pending[waiting.entry.key]:
                del self._pending[waiting.entry.key]


def _entries(batch: list[Waiting]) -> list[Entry]:
    return [waiting.entry for waiting in batch]


def _busy() -> FrameError:
    return FrameError("busy", retry_after=1)
