"""The log: the only writer of messages, and their reader.

Every change takes the next number of one gapless counter, in the transaction that stores it; the
row that holds the counter is locked until then, so the order of commits is the order of numbers,
across processes. All functions block; they run in the threads of chat/database.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from chat import protocol
from chat.batch import Batch, Event, batches
from chat.models import Log, Message, new_epoch
from chat.protocol import Since


@dataclass(frozen=True, slots=True)
class Head:
    """Where the history stands; see `Log`."""

    epoch: str
    seq: int
    version: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that waits to be stored; `text` is normalised."""

    author: str
    name: str
    nonce: str
    text: str

    @property
    def key(self) -> tuple[str, str]:
        """What is stored once, however often it comes."""
        return self.author, self.nonce


def head() -> Head:
    """Where the log stands. Raises `DatabaseError`, also where its row is gone."""
    return Head(*_row(Log.objects.values_list("epoch", "seq", "version")))


def _row(rows: QuerySet) -> Any:
    row = rows.first()
    if row is None:
        raise OperationalError("the log has no row: the database was wiped, or not migrated")
    return row


def touch() -> None:
    """Let every process read the room and the bans again."""
    Log.objects.update(version=F("version") + 1)


def begin_anew(known: Since | None = None) -> Head:
    """Give the history another epoch, so that every client starts afresh. Returns its head.

    With `known`, a position that was reached once, only if the log has fallen behind it: an
    older database was put in its place.
    """
    logs = Log.objects.filter(epoch=known.epoch, seq__lt=known.seq) if known else Log.objects
    logs.update(epoch=new_epoch())
    return head()


def append(
    drafts: Sequence[Draft], known: Since | None = None
) -> tuple[list[int | None], list[Batch]]:
    """Store `drafts` in one transaction. Where the log is behind `known`, see `begin_anew`.

    Returns for each its seq, or None where its author has used the nonce for another text; and
    the batches for the relay. A draft that is stored already keeps its seq: doing it all again is
    safe, as it must be when a commit's outcome is unknown.
    """
    with transaction.atomic():
        log = _row(Log.objects.select_for_update())
        if known and log.epoch == known.epoch and log.seq < known.seq:
            log.epoch = begin_anew(known).epoch
        stored = _stored(drafts)
        fresh: list[Message] = []
        now = timezone.now()
        for draft in drafts:
            if draft.key not in stored:
                seq = log.seq + len(fresh) + 1
                stored[draft.key] = Message(
                    seq=seq,
                    rev=seq,
                    author=draft.author,
                    name=draft.name,
                    text=draft.text,
                    nonce=draft.nonce,
                    at=now,
                )
                fresh.append(stored[draft.key])
        seqs = [_seq(draft, stored[draft.key]) for draft in drafts]
        if not fresh:
            return seqs, []
        Message.objects.bulk_create(fresh)
        Log.objects.update(seq=log.seq + len(fresh))
        start, end = log.seq + 1, log.seq + len(fresh)
        return seqs, list(batches(log.epoch, start, end, map(event, fresh)))


def find(drafts: Sequence[Draft]) -> list[int | None]:
    """The seqs of those `drafts` that are stored already, None for the others."""
    known = _stored(drafts)
    return [_seq(draft, known[draft.key]) if draft.key in known else None for draft in drafts]


def _stored(drafts: Iterable[Draft]) -> dict[tuple[str, str], Message]:
    # By both: somebody may have used one nonce under thousands of names.
    nonces, authors = {draft.nonce for draft in drafts}, {draft.author for draft in drafts}
    found = Message.objects.filter(nonce__in=nonces, author__in=authors)
    return {(message.author, message.nonce): message for message in found}


def _seq(draft: Draft, stored: Message) -> int | None:
    """The seq under which `draft` is stored; None if something else is, under its nonce."""
    changed = stored.edited_at or stored.removed_at  # what was said first is not known any more
    return stored.seq if changed or stored.text == draft.text else None


@transaction.atomic
def hide(messages: QuerySet[Message], by: str) -> list[Message]:
    """Hide those of `messages` that are visible; returns them."""
    shown = messages.filter(removed_at=None, hidden_at=None)
    return _change(shown, hidden_at=timezone.now(), hidden_by=by)


@transaction.atomic
def restore(messages: QuerySet[Message]) -> list[Message]:
    """Show those of `messages` that are hidden; returns them."""
    hidden = messages.filter(removed_at=None, hidden_at__isnull=False)
    return _change(hidden, hidden_at=None, hidden_by="")


def _change(messages: QuerySet[Message], **values) -> list[Message]:
    """Give each message the next number as its rev, together with new values."""
    log = _row(Log.objects.select_for_update())
    changed = list(messages.order_by("seq"))
    for rev, message in enumerate(changed, log.seq + 1):
        message.rev = rev
        for name, value in values.items():
            setattr(message, name, value)
    Message.objects.bulk_update(changed, ["rev", *values], batch_size=200)
    Log.objects.update(seq=log.seq + len(changed))
    return changed


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


def before(seq: int, limit: int) -> tuple[list[Event], bool]:
    """The `limit` visible messages before `seq`, oldest first, and whether there are more."""
    found = list(visible().filter(seq__lt=seq).order_by("-seq")[: limit + 1])
    return [event(message) for message in found[:limit]][::-1], len(found) > limit
