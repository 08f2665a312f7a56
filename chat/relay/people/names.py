"""Names that are asked for: what waits is claimed together."""

import asyncio
from collections.abc import Callable

from django.db import Error as DatabaseError

from chat.members import claims
from chat.members.claims import Claim, Claimed
from chat.protocol.errors import FrameError
from chat.relay.work.batcher import Batcher, Full
from chat.relay.work.outage import Outage
from chat.relay.work.threads import Threads

ATTEMPTS = 3
PATIENCE = 5.0  # seconds that somebody waits for a name
Asking = tuple[Claim, asyncio.Future[Claimed]]


class Names:
    """Gives names to those who ask."""

    def __init__(self, threads: Threads, late: Callable[[Claim, Claimed], None]):
        """`late` gets what was granted when nobody waited for it any more."""
        self._threads, self._late = threads, late
        self._outage = Outage("names can't be given", "names can be given again")
        self._asking: Batcher[Asking] = Batcher(self._grant, self._fail, capacity=5000, most=500)
        self.tasks = (self._asking.run,)

    async def claim(self, claim: Claim) -> Claimed:
        """Ask for a name. Raises `FrameError("busy")` where the database doesn't answer.

        What waits then is not asked for any more.
        """
        answer: asyncio.Future[Claimed] = asyncio.get_running_loop().create_future()
        try:
            self._asking.put((claim, answer))
        except Full:
            raise FrameError("busy", retry_after=1) from None
        try:
            async with asyncio.timeout(PATIENCE):
                return await answer
        except TimeoutError:
            raise FrameError("busy", retry_after=2) from None

    async def _grant(self, batch: list[Asking]) -> None:
        batch = [(claim, answer) for claim, answer in batch if not answer.done()]
        if not batch:
            return  # nobody waits for it any more
        granted = await self._claim([claim for claim, _ in batch])
        for (claim, answer), claimed in zip(batch, granted, strict=True):
            if not answer.done():
                answer.set_result(claimed)
            elif claimed.name:  # too late: they were told `busy`, or are gone
                self._late(claim, claimed)

    async def _claim(self, wanted: list[Claim]) -> list[Claimed]:
        for again in range(ATTEMPTS - 1, -1, -1):
            try:
                granted = await self._threads.run(claims.claim, wanted)
                break
            except DatabaseError as error:
                if not again:  # no name given away elsewhere, nor a connection that was dead
                    self._outage.begins(error)
                    raise
        self._outage.ends()
        return granted

    def _fail(self, batch: list[Asking]) -> None:
        for _, answer in batch:
            if not answer.done():
                answer.set_exception(FrameError("busy", retry_after=1))
