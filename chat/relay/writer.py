"""The writer: posts wait here, are stored together, and are told what became of them."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, repeat

from django.db import Error as DatabaseError
from django.db import InterfaceError, InternalError, OperationalError

from chat.log import append, upkeep
from chat.log.batch import Batch
from chat.log.database import sqlstate
from chat.protocol import bounds
from chat.protocol.errors import FrameError
from chat.protocol.incoming import Since
from chat.relay.batcher import Batcher, Full
from chat.relay.outage import Outage, reason
from chat.relay.threads import Threads

CAPACITY = 5000
LOOKUPS = 1000
RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0)
PATIENCE = 5.0  # seconds without an answer, until nothing new is taken
# Errors that are the server's or the connection's, not what was to be stored. But among the codes
# of PostgreSQL's OperationalErrors are some that one message may meet alone, again and again: the
# time-out of a statement, and what is too large for an index.
OUTAGES = (OperationalError, InterfaceError, InternalError)
PERHAPS_A_MESSAGES_OWN = {"57014", "54000"}
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stored:
    """A post is in the log under `seq`; it is `fresh` where it wasn't before."""

    seq: int
    fresh: bool


class Unstorable(Exception):
    """It can't be stored, though something plain can."""


Settle = Callable[[Stored | FrameError], None]


@dataclass(slots=True)
class Waiting:
    """A post in a queue. `settle` is called once; with `refusal` where it is not stored."""

    draft: append.Draft
    settle: Settle
    refusal: FrameError
    to_store: bool
    settled: bool = False


class Writer:
    """Stores posts in batches; `committed` is told of each batch once it is durable.

    The author hears of it first: `settle` is called before `committed`, and who reads the log
    besides the writer delivers under `authors_first`, so as not to be faster. `position` is the one
    that was delivered: a log that is behind it gets a new epoch before anything is stored.
    """

    def __init__(
        self,
        writing: Threads,
        reading: Threads,
        authors_first: asyncio.Lock,
        *,
        position: Callable[[], Since | None],
        committed: Callable[[list[Batch]], None],
    ):
        self._writing, self._reading, self._authors_first = writing, reading, authors_first
        self._position, self._committed = position, committed
        # Nothing new is taken: so it is while one attempt after the other fails, and no longer.
        self._refuses = False
        self._outage = Outage("the database can't be written to", "the database is back")
        self._pending: Counter[tuple[str, str]] = Counter()  # what is to be stored, by key
        self._trying: frozenset[tuple[str, str]] = frozenset()  # whose outcome is not known
        self._queue: Batcher[Waiting] = Batcher(
            self._store,
            self._fail,
            capacity=CAPACITY,
            most=bounds.BATCH_MESSAGES,
            weigh=lambda waiting: len(waiting.draft.text.encode()),
            heaviest=bounds.BATCH_BYTES,
        )
        self._lookups: Batcher[Waiting] = Batcher(
            self._look_up, self._fail, capacity=LOOKUPS, most=bounds.BATCH_MESSAGES
        )
        self.tasks = (self._queue.run, self._lookups.run)
        self.drained = self._queue.drained

    @property
    def takes_posts(self) -> bool:
        """Whether what comes now is tried. It is `busy` while what came before is in trouble."""
        return not self._refuses

    def post(self, draft: append.Draft, settle: Settle, refusal: FrameError | None) -> None:
        """Queue `draft`; with a `refusal` only to see whether it had been stored before.

        That look is owed: `rejected` promises that the message is not stored, and this may be
        the retry of one that is. Raises `FrameError("busy")` if nothing was or will be tried.
        """
        to_store = refusal is None or draft.key in self._pending
        if to_store and self._refuses and draft.key not in self._trying:
            raise FrameError("busy", retry_after=1)
        waiting = Waiting(draft, settle, refusal or FrameError("nonce_conflict"), to_store)
        try:
            (self._queue if to_store else self._lookups).put(waiting)
        except Full:
            raise FrameError("busy", retry_after=1) from None
        if to_store:
            self._pending[draft.key] += 1

    async def _store(self, batch: list[Waiting]) -> None:
        self._trying = frozenset(waiting.draft.key for waiting in batch)
        try:
            await self._store_together(batch)
        except Unstorable:
            for waiting in batch:  # one of them can't be stored; the others can
                await self._store_alone(waiting)
        finally:
            self._trying = frozenset()

    async def _store_together(self, batch: list[Waiting]) -> None:
        async with self._authors_first:
            seqs, batches = await self._append([waiting.draft for waiting in batch])
            self._settle(batch, seqs, first=batches[0].start if batches else None)
            self._committed(batches)

    async def _store_alone(self, waiting: Waiting) -> None:
        try:
            await self._store_together([waiting])
        except Unstorable as error:
            logger.error("a message can't be stored: %s", reason(error.__cause__ or error))
            # By now it isn't; but an earlier attempt may have had an end that nobody heard of.
            waiting.refusal = FrameError("invalid_text", "The room can't store this.")
            await self._look_up([waiting])

    async def _append(self, drafts: list[append.Draft]) -> tuple[list[int | None], list[Batch]]:
        """Try until the outcome is known: a commit that failed to answer may have happened.

        Raises `Unstorable` where the drafts fail and nothing else would.
        """
        try:
            pauses = _pauses()
            while True:
                try:
                    with self._overdue():
                        stored = await self._writing.run(append.store, drafts, self._position())
                    self._outage.ends()
                    return stored
                except Exception as error:
                    with self._overdue():
                        if await self._is_their_own(error):
                            raise Unstorable from error
                    self._lost(error)
                await asyncio.sleep(next(pauses))
        finally:
            self._refuses = False

    async def _is_their_own(self, error: Exception) -> bool:
        """Whether `error` is due to what was to be stored: something plain would be.

        What can be mended is mended; then the same is worth another try.
        """
        if isinstance(error, OUTAGES) and sqlstate(error) not in PERHAPS_A_MESSAGES_OWN:
            return False
        try:
            if await self._writing.run(upkeep.mend):
                return False
            await self._writing.run(upkeep.try_out)
        except Exception:
            return False  # it is no better off
        return True

    @contextlib.contextmanager
    def _overdue(self) -> Iterator[None]:
        """However long it takes. After a while whoever comes anew is told that it does."""
        late = TimeoutError(f"no answer for {PATIENCE:.0f} s")
        timer = asyncio.get_running_loop().call_later(PATIENCE, self._lost, late)
        try:
            yield
        finally:
            timer.cancel()

    async def _look_up(self, batch: list[Waiting]) -> None:
        """Try until it is known, too: neither `busy` nor the refusal is true of what is stored."""
        drafts = [waiting.draft for waiting in batch]
        for pause in _pauses():
            try:
                seqs = await self._reading.run(append.find, drafts)
            except DatabaseError:  # of an outage, others speak
                await asyncio.sleep(pause)
            else:
                self._settle(batch, seqs)
                return

    def _lost(self, error: Exception) -> None:
        """Nothing new is taken, and what was never tried is given back."""
        self._outage.begins(error)
        self._refuses = True
        self._fail(self._queue.drop(lambda waiting: waiting.draft.key not in self._trying))

    def _fail(self, batch: list[Waiting]) -> None:
        busy = FrameError("busy", retry_after=1)
        for waiting in batch:
            self._tell(waiting, busy)

    def _settle(
        self, batch: list[Waiting], seqs: list[int | None], first: int | None = None
    ) -> None:
        """`first` is the first seq that is new."""
        for waiting, seq in zip(batch, seqs, strict=True):
            if seq is None:
                self._tell(waiting, waiting.refusal)
            else:
                self._tell(waiting, Stored(seq, fresh=first is not None and seq >= first))

    def _tell(self, waiting: Waiting, outcome: Stored | FrameError) -> None:
        if waiting.settled:
            return
        waiting.settled = True
        if waiting.to_store:
            self._pending[waiting.draft.key] -= 1
            if not self._pending[waiting.draft.key]:
                del self._pending[waiting.draft.key]
        try:
            waiting.settle(outcome)
        except Exception:
            logger.exception("an author could not be told")


def _pauses() -> Iterator[float]:
    """Seconds between one attempt and the next, without end."""
    return chain(RETRY_SECONDS, repeat(RETRY_SECONDS[-1]))
