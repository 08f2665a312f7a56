"""What is noted of members as they speak and go. It is lost without harm."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable

from chat.members import claims
from chat.relay.work.batcher import Batcher, Full
from chat.relay.work.threads import Threads

SPOKE = 300.0  # seconds between two looks at what somebody has said so far
NOTED = 10_000  # who have just spoken


class Notes:
    """A thousand who go at once, or say their first word, are a statement, not a thousand."""

    def __init__(self, threads: Threads):
        self._threads = threads
        self._noted: OrderedDict[str, float] = OrderedDict()  # who spoke, and when, by the loop
        self._speakers = self._noting(claims.spoke)
        self._departed = self._noting(claims.free)
        self.tasks = (self._speakers.run, self._departed.run)

    def spoke(self, member_id: str) -> None:
        """Someone with a cookie has spoken: their name may be kept for days by now."""
        now = asyncio.get_running_loop().time()
        if now < self._noted.get(member_id, -SPOKE) + SPOKE:
            return
        with contextlib.suppress(Full):
            self._speakers.put(member_id)
            self._noted[member_id] = now
            self._noted.move_to_end(member_id)
            if len(self._noted) > NOTED:
                self._noted.popitem(last=False)

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
