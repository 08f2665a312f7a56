"""What the log has, as the relay carries it. All functions block."""

from django.db.models import Exists, OuterRef, QuerySet

from chat.log.batch import Batch, Event, batches
from chat.log.head import Head, read_head
from chat.models import Message, Pending
from chat.protocol import bounds


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
    """The `limit` visible messages before `seq`, oldest first, and whether there are more."""
    found = list(visible().filter(seq__lt=seq).order_by("-seq")[: limit + 1])
    return [event(message) for message in found[:limit]][::-1], len(found) > limit
