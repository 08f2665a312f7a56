"""The tail of the log: whatever is stored comes to this process in order, once, with no gap.

The log is the truth, the channel layer a hint. Batches come from the writer of this process, and
as hints from those of all others, and are delivered in the order of their numbers. A batch that is
early waits a moment for its predecessor, then the gap is read from the log; one that is old is
ignored. Every second or two the counter in the database is looked at, so what the channel layer
lost comes late, no more.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from django.db import Error as DatabaseError

from chat.log.batch import Batch
from chat.log.head import Head
from chat.log.reorder import ReorderBuffer
from chat.log.replay import ReplayBuffer
from chat.protocol.errors import FrameError
from chat.protocol.incoming import Since
from chat.relay.following.news import News
from chat.relay.following.pings import Pings
from chat.relay.following.reader import Reader
from chat.relay.work.outage import Outage

EARLY = 0.2  # seconds that a batch waits for its predecessor
PAUSE = (1.0, 2.0)  # seconds between two looks at the counter
START = 5.0  # seconds that somebody waits for the history to be read
RESUME = 3.0  # seconds that who is ahead waits: a page takes 5 s of silence for a dead socket


class Tail:
    """Where this process is in the history, and how it gets on.

    `ask` is that of `Pings`; `end` lets go of who waits for it to have `moved`.
    """

    def __init__(
        self,
        reader: Reader,
        *,
        tell_authors: Callable[[], Awaitable[None]],
        deliver: Callable[[Batch], None],
        begin_afresh: Callable[[], None],
        follow_rules: Callable[[Head], Awaitable[None]],
    ):
        """`deliver` gets each batch that follows the last one; one that was read from the log
        when `tell_authors` has been awaited. `begin_afresh` is called where the history is another
        one, `follow_rules` at each look. Both that are awaited may raise `DatabaseError`.
        """
        self._reader, self._tell_authors = reader, tell_authors
        self._hand_on, self._begin_afresh, self._follow_rules = deliver, begin_afresh, follow_rules
        self._reorder: ReorderBuffer | None = None
        self._head: Head | None = None  # where the database was last seen to stand
        self._started = asyncio.Event()
        self._nudged = asyncio.Event()
        self._mending = asyncio.Event()
        self._looking = asyncio.Lock()
        self._looks = 0  # that have begun
        self._outage = Outage("the history can't be read", "the history can be read again")
        self._pings, self._news = Pings(self.nudge), News()
        self.ask, self.end = self._pings.ask, self._news.end
        self.tasks: tuple[Callable[[], Coroutine[Any, Any, None]], ...] = (self._watch, self._mend)

    async def started(self) -> None:
        """Wait until the history is here. Raises `FrameError("busy")` if that takes too long."""
        if self._started.is_set():
            return
        try:
            async with asyncio.timeout(START):
                await self._started.wait()
        except TimeoutError:
            raise FrameError("busy", retry_after=2) from None

    @property
    def has_begun(self) -> bool:
        """Whether there is a position."""
        return self._reorder is not None

    @property
    def position(self) -> Since:
        """What has been delivered; there once `started`."""
        return Since(self._replay.epoch, self._replay.seq)

    @property
    def seq(self) -> int:
        """As the database was last seen."""
        return max(self._replay.seq, self._head.seq if self._head else 0)

    def catch_up(self, since: Since | None) -> list[Batch]:
        """What brings a client from there to this process's position; one from nowhere gets the
        latest. There is always one batch.

        Whether it is `resumable` from `since` must have been asked since the last `await`: what the
        buffer no longer has would be a gap that nobody sees.
        """
        found = self._replay.after(since.seq) if since else self._replay.latest()
        assert found is not None, f"{since} is beyond the replay buffer"
        return found

    def after(self, position: Since) -> Batch | None:
        """The beginning of what came after `position`; None where the buffer no longer has it."""
        if position.epoch != self._replay.epoch:
            return None
        found = self._replay.after(position.seq)
        return found[0] if found else None

    def size_of(self, seq: int) -> int:
        """The bytes of a message that came or changed lately; 0 of another one."""
        return self._replay.size_of(seq)

    @property
    def _replay(self) -> ReplayBuffer:
        assert self._reorder
        return self._reorder.replay

    # --- what comes ------------------------------------------------------------------------------
    def hear(self, batch: Batch) -> None:
        """A batch was stored, by this process or by another one."""
        if self._reorder is None or batch.epoch != self._replay.epoch:
            self.nudge()
        elif self._reorder.receive(batch):
            asyncio.get_running_loop().call_later(EARLY, self._mending.set)

    def nudge(self) -> None:
        """Something has changed in the database: look now, not at the next turn."""
        self._nudged.set()

    # --- what is asked ---------------------------------------------------------------------------
    async def resumable(self, since: Since | None) -> bool:
        """Whether a client with this position can go on from there.

        One that is ahead of this process may be right: another process may have told it of what
        this one has not seen yet. Raises `FrameError("busy")` where the database doesn't answer.
        """
        if since is None or since.epoch != self._replay.epoch:
            return False
        if since.seq > self._replay.seq:
            try:
                async with asyncio.timeout(RESUME):
                    await self._look(at_least=since.seq)
            except TimeoutError:
                raise FrameError("busy", retry_after=1) from None
            except DatabaseError:
                pass  # it is not known to be right, then
        return (
            since.epoch == self._replay.epoch
            and self._replay.floor <= since.seq <= self._replay.seq
        )

    async def moved(self, since: Since, seconds: float) -> None:
        """Wait until this process is elsewhere in the history than `since`, at most `seconds`."""
        await self._news.wait(lambda: since == self.position, seconds)

    # --- how it gets on --------------------------------------------------------------------------
    async def _mend(self) -> None:
        """Close the gaps before what came early with what the log has."""
        while True:
            await self._mending.wait()
            self._mending.clear()
            if self._reorder and self._reorder.waits:
                with contextlib.suppress(DatabaseError):  # `_watch` tries again, and says so
                    await self._look()

    async def _watch(self) -> None:
        while True:
            with self._pings.look():
                try:
                    await self._look()
                    self._outage.ends()
                except DatabaseError as error:
                    self._outage.begins(error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._nudged.wait(), random.uniform(*PAUSE))
            self._nudged.clear()

    async def _look(self, at_least: int | None = None) -> None:
        """Look where the database stands, and deliver whatever has not been delivered.

        With `at_least` only if that number has not been delivered by now, and nobody has looked
        since this was called: anybody may say that they are ahead, and a thousand are one look.
        """
        before = self._looks
        async with self._looking:
            if at_least is not None and (self._replay.seq >= at_least or self._looks > before):
                return
            self._looks += 1
            now = await self._reader.head(self.position if self.has_begun else None)
            reorder = self._reorder
            if reorder is None or now.epoch != reorder.replay.epoch:
                reorder = await self._begin(now)
            self._head = now
            await self._follow_rules(now)
            self._started.set()
            while (position := self._replay.seq) < now.seq:
                batches = await self._reader.after(position)
                await self._tell_authors()
                for batch in batches:
                    if batch.epoch != now.epoch:
                        return  # restored while we read; the next look begins afresh
                    reorder.receive(batch)
                if self._replay.seq == position:
                    return  # an older one was put in its place as we read; the next look sees it
            await self._reader.refill(self._replay)

    async def _begin(self, now: Head) -> ReorderBuffer:
        """Read the newest part of a history that is new to us, at the start or after a restore."""
        replay = await self._reader.replay(now)
        restored = self.has_begun
        reorder = self._reorder = ReorderBuffer(replay, self._deliver)
        if restored:
            self._begin_afresh()
        self._news.tell()
        return reorder

    def _deliver(self, batch: Batch) -> None:
        self._hand_on(batch)
        self._news.tell()
