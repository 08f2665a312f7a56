"""The newest part of the history in memory, so that joins and resumes need no query. Pure."""

from collections.abc import Iterable
from itertools import takewhile

from chat.log.batch import Batch, Event, batches

LATEST = 50
MESSAGES = 1000
BYTES = 16 * 1024 * 1024


class ReplayBuffer:
    """The last `most` messages that came or changed, at most so many bytes of them, and the
    `LATEST` visible ones.

    Invariant: every event with floor < rev <= seq is here, each message once, in its last state.
    """

    def __init__(
        self,
        epoch: str,
        seq: int,
        events: Iterable[Event],
        latest: Iterable[Event],
        *,
        floor: int = 0,
        most: int = MESSAGES,
        most_bytes: int = BYTES,
    ) -> None:
        """`events`: all with floor < rev <= seq, in order of rev; `latest`: the newest visible."""
        self.epoch, self.seq, self.floor = epoch, seq, floor
        self._most, self._most_bytes = most, most_bytes
        self._events: dict[int, Event] = {}  # by seq, in order of rev
        self._bytes = 0
        for event in events:
            self._keep(event)
        self._let_go()
        self.refill(latest)

    @property
    def short(self) -> bool:
        """So many messages were taken away that older ones belong to the latest again."""
        return len(self._latest) < LATEST and not self._whole

    def refill(self, latest: Iterable[Event]) -> None:
        """Take the newest visible messages from the database: twice LATEST, if there are."""
        self._latest = {event.seq: event for event in latest}
        self._whole = len(self._latest) < 2 * LATEST
        for seq in [e.seq for e in self._latest.values() if e.rev > self.seq]:
            del self._latest[seq]  # not delivered yet
        for event in self._events.values():
            self._keep_latest(event)  # may have changed since it was read
        self._start: list[Batch] | None = None

    def extend(self, batch: Batch) -> None:
        """Add the batch that follows: its start is the number after `seq`."""
        for event in batch.events:
            self._keep(event)
            self._keep_latest(event)
        self.seq = batch.end
        self._let_go()
        if len(self._latest) > 4 * LATEST:
            keep = sorted(self._latest)[-2 * LATEST :]
            self._latest = {seq: self._latest[seq] for seq in keep}
            self._whole = False
        self._start = None

    def _keep(self, event: Event) -> None:
        if before := self._events.pop(event.seq, None):  # a change moves its message to the end
            self._bytes -= before.size
        self._events[event.seq] = event
        self._bytes += event.size

    def _let_go(self) -> None:
        """Forget the oldest of what is too much."""
        while len(self._events) > self._most or self._bytes > self._most_bytes:
            oldest = self._events.pop(next(iter(self._events)))
            self._bytes -= oldest.size
            self.floor = oldest.rev

    def _keep_latest(self, event: Event) -> None:
        if not event.visible:
            self._latest.pop(event.seq, None)
        elif self._whole or not self._latest or event.seq >= min(self._latest):
            self._latest[event.seq] = event

    def size_of(self, seq: int) -> int:
        """The bytes of a message that is here; 0 of another one."""
        return self._events[seq].size if seq in self._events else 0

    def after(self, seq: int) -> list[Batch] | None:
        """All that came after number `seq`; None where the buffer doesn't reach back that far."""
        if not self.floor <= seq <= self.seq:
            return None
        missed = list(takewhile(lambda e: e.rev > seq, reversed(self._events.values())))
        return list(batches(self.epoch, seq + 1, self.seq, reversed(missed)))

    def latest(self) -> list[Batch]:
        """What someone new gets; made once for each number."""
        if self._start is None:
            newest = [self._latest[seq] for seq in sorted(self._latest)[-LATEST:]]
            start = newest[0].seq if newest else self.seq + 1
            newest.sort(key=lambda event: event.rev)
            self._start = list(batches(self.epoch, start, self.seq, newest))
        return self._start
