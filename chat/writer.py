"""The writer: posts wait here, are stored together, and are told what became of them."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.db import Error as DatabaseError

from chat import log, protocol
from chat.batch import Batch
from chat.batcher import Batcher, Full
from chat.database import Threads
from chat.protocol import FrameError

Settle = Callable[[int | FrameError], None]  # told a post's seq, or what was wrong with it

CAPACITY = 5000
RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0)
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A post in the queue. `settle` is called once; with `refusal` if the draft isn't stored."""

    draft: log.Draft
    settle: Settle
    refusal: FrameError | None


class Writer:
    """Stores posts in batches; `committed` is told of each batch once it is durable.

    The author hears of it first: `settle` is called before `committed`.
    """

    def __init__(self, threads: Threads, committed: Callable[[list[Batch]], None]):
        self._threads, self._committed = threads, committed
        self._down = False
        self._queue: Batcher[Waiting] = Batcher(
            self._store,
            self._fail,
            capacity=CAPACITY,
            most=protocol.BATCH_MESSAGES,
            weigh=lambda waiting: len(waiting.draft.text.encode()),
            heaviest=protocol.BATCH_BYTES,
        )
        self.run = self._queue.run
        self.drained = self._queue.drained

    def post(self, draft: log.Draft, settle: Settle, refusal: FrameError | None) -> None:
        """Queue `draft`; with a `refusal` only to see whether it had been stored before.

        That look is owed: `rejected` promises that the message is not stored, and this may be
        the retry of one that is. Raises `FrameError("busy")` if nothing was or will be tried.
        """
        if self._down:
            raise FrameError("busy", retry_after=1)
        try:
            self._queue.put(Waiting(replace(draft, wanted=refusal is None), settle, refusal))
        except Full:
            raise FrameError("busy", retry_after=1) from None

    async def _store(self, batch: list[Waiting]) -> None:
        seqs, batches = await self._append([waiting.draft for waiting in batch])
        for waiting, seq in zip(batch, seqs, strict=True):
            conflict = waiting.refusal or FrameError("nonce_conflict")
            waiting.settle(conflict if seq is None else seq)
        self._committed(batches)

    async def _append(self, drafts: list[log.Draft]) -> tuple[list[int | None], list[Batch]]:
        """Try until the outcome is known: a commit that failed to answer may have happened."""
        attempt = 0
        while True:
            try:
                result = await self._threads.run(log.append, drafts)
            except DatabaseError as error:
                self._lost(error)
                await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
                attempt += 1
            else:
                if self._down:
                    logger.info("the database is back")
                self._down = False
                return result

    def _lost(self, error: DatabaseError) -> None:
        if not self._down:  # one line an outage, not one an attempt
            logger.warning("the database can't be written to: %s", error)
        self._down = True
        for waiting in self._queue.drop():
            waiting.settle(FrameError("busy", retry_after=1))

    def _fail(self, batch: list[Waiting], error: Exception) -> None:
        for waiting in batch:
            waiting.settle(FrameError("busy", retry_after=1))
