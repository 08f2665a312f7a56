"""What a process reads from the log to follow it. All of it may raise `DatabaseError`."""

import logging

from chat.log import head, read, upkeep
from chat.log.batch import Batch
from chat.log.head import Head, RowMissing
from chat.log.replay import LATEST, MESSAGES, ReplayBuffer
from chat.protocol.incoming import Since
from chat.relay.work.threads import Threads

logger = logging.getLogger(__name__)


class Reader:
    """Reads in threads."""

    def __init__(self, threads: Threads):
        self._threads = threads

    async def head(self, position: Since | None) -> Head:
        """Where the log stands, for a process that has delivered all up to `position`."""
        now = await self._head()
        if position and now.epoch == position.epoch and now.seq < position.seq:
            # It was replaced by an older one: its next messages would have numbers that we
            # have told our clients other messages under.
            now = await self._threads.run(head.begin_anew, position)
            logger.warning("the database is older than what was delivered: a new epoch")
        return now

    async def _head(self) -> Head:
        """A row that must be there, and is gone, is made again."""
        try:
            return await self._threads.run(head.read_head)
        except RowMissing:
            await self._threads.run(upkeep.mend)
            return await self._threads.run(head.read_head)

    async def replay(self, now: Head) -> ReplayBuffer:
        """The newest part of the history that stands at `now`."""
        events, floor = await self._threads.run(read.recent, now, MESSAGES)
        latest = await self._threads.run(read.latest, 2 * LATEST)
        return ReplayBuffer(now.epoch, now.seq, events, latest, floor=floor)

    async def after(self, seq: int) -> list[Batch]:
        """The beginning, at least, of what came after that number."""
        return await self._threads.run(read.after, seq)

    async def refill(self, replay: ReplayBuffer) -> None:
        """Give it the latest messages again, where it has too few that are not removed."""
        if replay.short:
            replay.refill(await self._threads.run(read.latest, 2 * LATEST))
