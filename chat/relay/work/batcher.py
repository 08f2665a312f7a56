"""Group commit: what comes while one batch is at work makes up the next. No timer."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from django.db import Error as DatabaseError

Item = TypeVar("Item")
logger = logging.getLogger(__name__)


class Full(Exception):
    """The queue is at its bound."""


class Batcher(Generic[Item]):
    """A bounded queue and one task that hands all that waits to `work`, batch after batch.

    `work` settles every item of its batch and may raise: the loop survives, and `failed` is told
    of the batch.
    """

    def __init__(
        self,
        work: Callable[[list[Item]], Awaitable[None]],
        failed: Callable[[list[Item]], None] = lambda batch: None,
        *,
        capacity: int,
        most: int,
        weigh: Callable[[Item], int] = lambda item: 0,
        heaviest: int = 1,
    ):
        """At most `most` items and `heaviest` by `weigh` go into a batch, `capacity` wait."""
        self._work, self._failed = work, failed
        self._capacity, self._most = capacity, most
        self._weigh, self._heaviest = weigh, heaviest
        self._waiting: deque[Item] = deque()
        self._some = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def is_full(self) -> bool:
        return len(self._waiting) >= self._capacity

    def put(self, item: Item, *, owed: bool = False) -> None:
        """Queue `item`; raises `Full`, unless that is `owed` to it."""
        if self.is_full and not owed:
            raise Full
        self._waiting.append(item)
        self._some.set()
        self._idle.clear()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            while not self._waiting:  # it may have been dropped since it was put
                self._some.clear()
                self._idle.set()
                await self._some.wait()
            await self._hand_on(self._take())

    async def _hand_on(self, batch: list[Item]) -> None:
        """Not a part of `run`, which would keep the last batch, and its sockets, until the next."""
        try:
            await self._work(batch)
        except Exception as error:
            if not isinstance(error, DatabaseError):  # of an outage, others speak, once
                logger.exception("a batch of %d failed", len(batch))
            self._failed(batch)

    async def drained(self) -> None:
        """Wait until nothing waits and nothing is at work."""
        await self._idle.wait()

    def drop(self, which: Callable[[Item], bool]) -> list[Item]:
        """Give back what waits, of `which` this is true; none of it was tried."""
        dropped = [item for item in self._waiting if which(item)]
        self._waiting = deque(item for item in self._waiting if not which(item))
        return dropped

    def _take(self) -> list[Item]:
        batch: list[Item] = []
        weight = 0
        while self._waiting and len(batch) < self._most:
            weight += self._weigh(self._waiting[0])
            if batch and weight > self._heaviest:
                break
            batch.append(self._waiting.popleft())
        return batch
