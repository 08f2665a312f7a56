"""What the log has, as the relay carries it. All functions block."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet

from chat.log.batch import ENVELOPE_BYTES, Batch, Event, batches
from chat.log.head import Head, read_head
from chat.models import Message, Pending
from chat.protocol import bounds, outgoing

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


def recent(now: Head, count: int) -> tuple[list[Event], int]:
    """The `count` messages that came or changed last up to `now`, in order of rev, and the rev
    of the one before them (0: there is none).

    A message that has changed since is left out: it comes with its new number.
    """
    found = list(Message.objects.filter(rev__lte=now.seq).order_by("-rev")[: count + 1])
    floor = found[count].rev if len(found) > count else 0
    return [event(message) for message in found[:count]][::-1], floor


def visible() -> QuerySet[Message]:
    """What can be seen, without what an open act is about to hide."""
    pending = Pending.objects.filter(seq=OuterRef("seq"))
    return Message.objects.filter(~Exists(pending), removed_at=None, hidden_at=None)


def latest(count: int) -> list[Event]:
    """The newest visible messages, oldest first."""
    return [event(message) for message in visible().order_by("-seq")[:count]][::-1]


def these(seqs: Sequence[int]) -> tuple[list[Event], bool]:
    """Those of the messages that there are, in the order of `seqs`, as many as fit into a frame;
    and whether there are more.

    What an open act is about to hide is as good as hidden.
    """
    shown = set(visible().filter(seq__in=seqs).values_list("seq", flat=True))
    found = {message.seq: message for message in Message.objects.filter(seq__in=seqs)}
    events, size = list[Event](), ENVELOPE_BYTES
    for seq in (seq for seq in dict.fromkeys(seqs) if seq in found):
        one = _as_shown(found[seq], seq in shown)
        size += one.size + 1
        if size > bounds.BATCH_BYTES:
            return events, True
        events.append(one)
    return events, False


def _as_shown(message: Message, is_shown: bool) -> Event:
    if is_shown:
        return event(message)
    encoded = outgoing.removed(seq=message.seq, rev=message.rev, by=message.author)
    return Event(message.rev, message.seq, False, encoded)


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
