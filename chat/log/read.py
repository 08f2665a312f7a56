"""What the log has, as the relay carries it. All functions block."""

from django.db.models import Exists, OuterRef, QuerySet

from chat.log.batch import ENVELOPE_BYTES, Batch, Event, batches
from chat.log.head import Head, read_head
from chat.models import Message, Pending
from chat.protocol import bounds

PART = 50  # messages that are read at once: 800 KB, if they are as large as can be


def event(message: Message) -> Event:
    """The message as the relay carries it."""
    return Event(message.rev, message.seq, message.visible, message.encoded())


def after(seq: int) -> list[Batch]:
    """What came after number `seq`, as far as one frame's worth of messages reaches."""
    # The counter first: a message that changes in between has a rev beyond it, and comes later.
    now = read_head()
    found = list(
        Message.objects.filter(rev__gt=seq, rev__lte=now.seq).order_by("rev")[
            : bounds.BATCH_MESSAGES
        ]
    )
    end = found[-1].rev if len(found) == bounds.BATCH_MESSAGES else now.seq
    return list(batches(now.epoch, seq + 1, end, map(event, found)))


def recent(now: Head, count: int) -> list[Event]:
    """What the last `count` numbers up to `now` brought, in order of rev.

    A message that has changed since is left out: it comes with its new number.
    """
    found = Message.objects.filter(rev__gt=now.seq - count, rev__lte=now.seq).order_by("rev")
    return list(map(event, found))


def visible() -> QuerySet[Message]:
    """What can be seen, without what an open act is about to hide."""
    pending = Pending.objects.filter(seq=OuterRef("seq"))
    return Message.objects.filter(~Exists(pending), removed_at=None, hidden_at=None)


def latest(count: int) -> list[Event]:
    """The newest visible messages, oldest first."""
    return [event(message) for message in visible().order_by("-seq")[:count]][::-1]


def before(seq: int, limit: int) -> tuple[list[Event], bool]:
    """At most `limit` visible messages before `seq`, as many as fit into a frame; oldest first.

    And whether there are more.
    """
    events, size = list[Event](), ENVELOPE_BYTES
    while True:
        wanted = min(PART, limit - len(events))
        found = list(visible().filter(seq__lt=seq).order_by("-seq")[: wanted + 1])
        for one in map(event, found[:wanted]):
            size += one.size + 1
            if events and size > bounds.BATCH_BYTES:
                return events[::-1], True
            events.append(one)
        if len(found) <= wanted or len(events) == limit:
            return events[::-1], len(found) > wanted
        seq = events[-1].seq
