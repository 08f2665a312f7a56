"""Delivery in the order of the numbers, each exactly once, whatever order batches come in. Pure."""

from collections.abc import Callable

from chat.log.batch import Batch
from chat.log.replay import ReplayBuffer

HELD_BYTES = 2 * 1024 * 1024  # of frames, whose events take up some three times as much


class ReorderBuffer:
    """Puts batches into the replay buffer one after the other and hands each on to `deliver`.

    Invariant: what has been delivered is what that has: every number up to `replay.seq`.
    """

    def __init__(self, replay: ReplayBuffer, deliver: Callable[[Batch], None]) -> None:
        self.replay, self._deliver = replay, deliver
        self._held: dict[int, Batch] = {}  # by start
        self._held_bytes = 0

    @property
    def waits(self) -> bool:
        """Something is held whose predecessor has not come."""
        return bool(self._held)

    def receive(self, batch: Batch) -> bool:
        """Deliver `batch` and what was held after it; hold it where it is early.

        Returns whether it was early: then what is missing is to be read from the log. What is old
        is ignored; of what overlaps, the new part is delivered.
        """
        if batch.epoch != self.replay.epoch or batch.end <= self.replay.seq:
            return False
        if batch.start > self.replay.seq + 1:
            self._hold(batch)
            return True
        self._pass_on(batch)
        self._release()
        return False

    def _hold(self, batch: Batch) -> None:
        """Keep what is early. Where that becomes too much, all of it is forgotten: the log has
        it, and who fills this with numbers that never come, fills it once."""
        self._drop(batch.start)
        if self._held_bytes + batch.size > HELD_BYTES:
            self._held.clear()
            self._held_bytes = 0
        self._held[batch.start] = batch
        self._held_bytes += batch.size

    def _drop(self, start: int) -> None:
        batch = self._held.pop(start, None)
        self._held_bytes -= batch.size if batch else 0

    def _release(self) -> None:
        """Deliver what is held, as far as it follows without a gap."""
        for start in sorted(self._held):
            if start > self.replay.seq + 1:
                break
            batch = self._held[start]
            self._drop(start)
            if batch.end > self.replay.seq:
                self._pass_on(batch)

    def _pass_on(self, batch: Batch) -> None:
        batch = batch.beyond(self.replay.seq)
        self.replay.extend(batch)
        self._deliver(batch)
