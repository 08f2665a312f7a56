"""What is noted of members as they speak and go. It is lost without harm."""

import asyncio
import contextlib
from collections.abc import Callable

from chat.members import claims
from chat.relay.work.batcher import Batcher, Full
from chat.relay.work.threads import Threads


class Notes:
    """A thousand who go at once, or say their first word, are a statement, not a thousand."""

    def __init__(self, threads: Threads):
        self._threads = threads
        self._speakers = self._noting(claims.spoke)
        self._departed = self._noting(claims.free)
        self.tasks = (self._speakers.run, self._departed.run)

    def spoke(self, member_id: str) -> None:
        """Someone with a cookie has spoken: their name is kept for days."""
        with contextlib.suppress(Full):
            self._speakers.put(member_id)

    def free(self, member_id: str) -> None:
        """Someone without cookie and token is gone, for good: their name is free."""
        with contextlib.suppress(Full):  # then it is in a minute
            self._departed.put(member_id)

    async def drained(self) -> None:
        """Wait until all is written down, or lost."""
        await asyncio.gather(self._speakers.drained(), self._departed.drained())

    def _noting(self, write: Callable[[list[str]], None]) -> Batcher[str]:
        async def note(member_ids: list[str]) -> None:
            await self._threads.run(write, member_ids)

        return Batcher(note, capacity=10_000, most=500)
