"""Entries on their way into the log."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from chat.log.append import Outcome
from chat.log.entries import Entry
from chat.protocol.errors import FrameError

Settle = Callable[[Outcome], None]
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Waiting:
    """An entry in a queue. `settle` is called once; with `refusal` where it is not stored."""

    entry: Entry
    settle: Settle
    refusal: FrameError
    to_store: bool
    settled: bool = False

    def tell(self, outcome: Outcome) -> None:
        """Let its author know, who may be gone."""
        self.settled = True
        try:
            self.settle(outcome)
        except Exception:
            logger.exception("an author could not be told")


class Attempt:
    """A batch that is tried. Until it is `over`, some of it may be stored and nobody knows."""

    def __init__(self, batch: list[Waiting]):
        self._batch = batch
        self.keys = frozenset(waiting.entry.key for waiting in batch)
        self.over = asyncio.Event()

    @property
    def in_doubt(self) -> list[Waiting]:
        """Whose authors have not been told yet."""
        return [waiting for waiting in self._batch if not waiting.settled]
