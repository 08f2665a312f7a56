"""The log: the only writer of messages, and their reader.

Every change takes the next number of one gapless counter, in the transaction that stores it; the
row that holds the counter is locked until then, so the order of commits is the order of numbers,
across processes. All functions block; they run in the threads of chat/database.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from chat import protocol
from chat.batch import Batch, Event, batches
from chat.models import Log, Message


@dataclass(frozen=True, slots=True)
class Head:
    """Where the history stands; see `Log`."""

    epoch: str
    seq: int
    version: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that waits to be stored; `text` is normalised.

    One that is not `wanted` is looked up only: it may be stored already.
    """

    author: str
    name: str
    nonce: str
    text: str
    wanted: bool = True


def head() -> Head:
    return Head(*Log.objects.values_list("epoch", "seq", "version").get())


def touch() -> None:
    """Let every process read the room and the bans again."""
    Log.objects.update(version=F("version") + 1)


def append(drafts: Sequence[Draft]) -> tuple[list[int | None], list[Batch]]:
    """Store `drafts` in one transaction.

    Returns for each its seq, or None where it isn't stored: its author has used the nonce for
    another text, or it was not wanted; and the batches for the relay. A draft that is stored
    already keeps its seq: doing it all again is safe, as it must be when a commit's outcome is
    unknown.
    """
    with transaction.atomic():
        log = Log.objects.select_for_update().get()
        known = _stored(drafts)
        seqs: list[int | None] = []
        fresh: list[Message] = []
        now = timezone.now()
        for draft in drafts:
            stored = known.get((draft.author, draft.nonce))
            if stored is None and draft.wanted:
                seq = log.seq + len(fresh) + 1
                stored = Message(
                    seq=seq,
                    rev=seq,
                    author=draft.author,
                    name=draft.name,
                    text=draft.text,
                    nonce=draft.nonce,
                    at=now,
                )
                known[draft.author, draft.nonce] = stored
                fresh.append(stored)
            usable = stored is not None and not _conflicts(draft, stored)
            seqs.append(stored.seq if usable else None)
        if fresh:
            Message.objects.bulk_create(fresh)
            Log.objects.update(seq=log.seq + len(fresh))
    if not fresh:
        return seqs, []
    return seqs, list(batches(log.epoch, log.seq + 1, log.seq + len(fresh), map(event, fresh)))


def _stored(drafts: Iterable[Draft]) -> dict[tuple[str, str], Message]:
    found = Message.objects.filter(nonce__in={draft.nonce for draft in drafts})
    return {(message.author, message.nonce): message for message in found}


def _conflicts(draft: Draft, stored: Message) -> bool:
    changed = stored.edited_at or stored.removed_at  # the text said first is not known any more
    return stored.text != draft.text and not changed


def event(message: Message) -> Event:
    """The message as the relay carries it."""
    return Event(message.rev, message.seq, message.visible, message.encoded())


def after(seq: int) -> list[Batch]:
    """What came after number `seq`, as far as one frame's worth of messages reaches."""
    # The counter first: a message that changes in between has a rev beyond it, and comes later.
    now = head()
    found = list(
        Message.objects.filter(rev__gt=seq, rev__lte=now.seq).order_by("rev")[
            : protocol.BATCH_MESSAGES
        ]
    )
    end = found[-1].rev if len(found) == protocol.BATCH_MESSAGES else now.seq
    return list(batches(now.epoch, seq + 1, end, map(event, found)))


def recent(now: Head, count: int) -> list[Event]:
    """What the last `count` numbers up to `now` brought, in order of rev.

    A message that has changed since is left out: it comes with its new number.
    """
    found = Message.objects.filter(rev__gt=now.seq - count, rev__lte=now.seq).order_by("rev")
    return list(map(event, found))


def visible() -> QuerySet[Message]:
    return Message.objects.filter(removed_at=None, hidden_at=None)


def latest(count: int) -> list[Event]:
    """The newest visible messages, oldest first."""
    return [event(message) for message in visible().order_by("-seq")[:count]][::-1]


def before(seq: int, limit: int) -> tuple[list[Message], bool]:
    """The `limit` visible messages before `seq`, oldest first, and whether there are more."""
    found = list(visible().filter(seq__lt=seq).order_by("-seq")[: limit + 1])
    return found[:limit][::-1], len(found) > limit
