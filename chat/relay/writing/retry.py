"""The log, asked again and again until the outcome is known, whatever happens to the database."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from itertools import chain, repeat
from typing import TypeVar

from django.db import InterfaceError, InternalError, OperationalError

from chat.log import append, upkeep
from chat.log.batch import Batch
from chat.log.database import sqlstate
from chat.log.entries import Entry, Stored
from chat.protocol.incoming import Since
from chat.relay.work.outage import Outage
from chat.relay.work.threads import Threads

PAUSES = (0.1, 0.2, 0.5, 1.0)  # seconds between two attempts; from then on the last of them
PATIENCE = 5.0  # seconds without an answer, until that is trouble
# Errors that are the server's or the connection's, not what was to be stored. But among the codes
# of PostgreSQL's OperationalErrors are some that one message may meet alone, again and again: the
# time-out of a statement, and what is too large for an index.
OUTAGES = (OperationalError, InterfaceError, InternalError)
PERHAPS_A_MESSAGES_OWN = {"57014", "54000"}
T = TypeVar("T")


class Unstorable(Exception):
    """It can't be stored, though something plain can."""


class Retry:
    """Stores and finds entries in the writer's thread: a commit that failed to answer may have
    happened, so nothing is given up before that is known.

    It is `in_trouble` while one attempt after the other fails, or none has an answer, and no
    longer. `lost` is called whenever that shows.
    """

    def __init__(self, writing: Threads, lost: Callable[[], None]):
        self._writing, self._lost = writing, lost
        self._outage = Outage("the database can't be written to", "the database is back")
        self.in_trouble = False

    async def store(
        self, entries: list[Entry], position: Callable[[], Since | None]
    ) -> tuple[list[append.Outcome], list[Batch]]:
        """`append.store`. Raises `Unstorable` where the entries fail and nothing else would."""
        return await self._until_known(
            lambda: self._writing.run(append.store, entries, position()), self._is_their_own
        )

    async def find(self, entries: list[Entry]) -> list[Stored | None]:
        """`append.find`."""
        return await self._until_known(lambda: self._writing.run(append.find, entries))

    async def _until_known(
        self,
        attempt: Callable[[], Awaitable[T]],
        is_their_own: Callable[[Exception], Awaitable[bool]] | None = None,
    ) -> T:
        waits = pauses()
        try:
            while True:
                try:
                    with self._overdue():
                        outcome = await attempt()
                    self._outage.ends()
                    return outcome
                except Exception as error:
                    with self._overdue():
                        if is_their_own and await is_their_own(error):
                            raise Unstorable from error
                    self._fails(error)
                await asyncio.sleep(next(waits))
        finally:
            self.in_trouble = False

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
        """However long it takes, it is waited for. After a while that is trouble, too."""
        late = TimeoutError(f"no answer for {PATIENCE:.0f} s")
        timer = asyncio.get_running_loop().call_later(PATIENCE, self._fails, late)
        try:
            yield
        finally:
            timer.cancel()

    def _fails(self, error: Exception) -> None:
        self._outage.begins(error)
        self.in_trouble = True
        self._lost()


def pauses() -> Iterator[float]:
    """Seconds between one attempt and the next, without end."""
    return chain(PAUSES, repeat(PAUSES[-1]))
