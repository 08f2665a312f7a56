"""Changes of the history, encoded once, in batches that leave no number out. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from chat.protocol import bounds, outgoing

# Not `batch`, as releases before this one say and hear it: their events have no names.
HINT = "stored"
ENVELOPE_BYTES = 128  # `messages` frame around its messages


@dataclass(frozen=True)
class Event:
    """One message in the state that number `rev` gave it; `encoded` is how it travels."""

    rev: int
    seq: int
    visible: bool
    encoded: str

    @cached_property
    def size(self) -> int:
        """In bytes."""
        return len(self.encoded.encode())


@dataclass(frozen=True)
class Batch:
    """All that numbers `start` to `end` of `epoch` brought, in order of rev, and nothing else.

    A number may have no event: a later one changed its message again.
    """

    epoch: str
    start: int
    end: int
    events: tuple[Event, ...]

    @cached_property
    def frame(self) -> str:
        """The text that every client gets."""
        return outgoing.messages(self.start, self.end, (event.encoded for event in self.events))

    @cached_property
    def size(self) -> int:
        """At most what the frame has, in bytes."""
        return ENVELOPE_BYTES + sum(event.size + 1 for event in self.events)

    def joined(self, following: "Batch") -> "Batch | None":
        """This and the batch that follows it as one, each message once, in its last state; None
        where that is too much for a frame."""
        if following.epoch != self.epoch:
            return None
        changed = {event.seq for event in following.events}
        events = tuple(event for event in self.events if event.seq not in changed)
        joined = Batch(self.epoch, self.start, following.end, events + following.events)
        fits = len(joined.events) <= bounds.BATCH_MESSAGES and joined.size <= bounds.BATCH_BYTES
        return joined if fits else None

    def as_hint(self) -> dict[str, Any]:
        """The batch as it goes through the channel layer."""
        return {
            "type": HINT,
            "epoch": self.epoch,
            "start": self.start,
            "end": self.end,
            "events": [asdict(event) for event in self.events],
        }

    @classmethod
    def of_hint(cls, hint: dict[str, Any]) -> "Batch":
        """Made of what is known here: a newer process may say more."""
        events = tuple(
            Event(event["rev"], event["seq"], event["visible"], event["encoded"])
            for event in hint["events"]
        )
        return cls(hint["epoch"], hint["start"], hint["end"], events)

    def beyond(self, seq: int) -> "Batch":
        """The part of the batch after number `seq`, which lies within it or just before it."""
        if seq < self.start:
            return self
        events = tuple(event for event in self.events if event.rev > seq)
        return Batch(self.epoch, seq + 1, self.end, events)


def newest(
    latest: Sequence[Batch], most: int, weigh: Callable[[Event], int] = lambda event: event.size + 1
) -> Batch:
    """As many of the newest messages in `latest` as weigh no more than `most`, as one batch.

    It ends where `latest` does: who has it is where the room is.
    """
    weight, kept = 0, list[Event]()
    events = [event for batch in latest for event in batch.events]
    for event in sorted(events, key=lambda event: event.seq, reverse=True):
        weight += weigh(event)
        if weight > most:
            break
        kept.append(event)
    end = latest[-1].end
    start = kept[-1].seq if kept else end + 1
    return Batch(latest[-1].epoch, start, end, tuple(sorted(kept, key=lambda event: event.rev)))


def batches(epoch: str, start: int, end: int, events: Iterable[Event]) -> Iterator[Batch]:
    """Split `events` (in order of rev) into batches within a frame's bounds; at least one."""
    taken: list[Event] = []
    size = ENVELOPE_BYTES
    for event in events:
        weight = event.size + 1
        if taken and (len(taken) == bounds.BATCH_MESSAGES or size + weight > bounds.BATCH_BYTES):
            yield Batch(epoch, start, taken[-1].rev, tuple(taken))
            start, taken, size = taken[-1].rev + 1, [], ENVELOPE_BYTES
        taken.append(event)
        size += weight
    yield Batch(epoch, start, end, tuple(taken))
