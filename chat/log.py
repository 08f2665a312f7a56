"""The log: the only writer of messages, and their reader.

Every change takes the next number of one gapless counter, in the transaction that stores it; the
row that holds the counter is locked until then, so the order of commits is the order of numbers,
across processes. All functions block; they run in the threads of chat/database.py.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from django.db import DatabaseError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from chat import protocol
from chat.batch import Batch, Event, batches
from chat.models import Log, Message, Pending, new_epoch
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


class RowMissing(DatabaseError):
    """The log's row or the room's is gone. `upkeep.mend` makes it again."""


def head() -> Head:
    """Where the log stands. Raises `RowMissing`, also where the room's row is gone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT epoch, seq, version FROM chat_log WHERE EXISTS (SELECT 1 FROM chat_room)"
        )
        return Head(*(cursor.fetchone() or _no_row()))


def _no_row() -> NoReturn:
    raise RowMissing("the log's row or the room's is gone: was the database flushed?")


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
    with transaction.atomic(), connection.cursor() as cursor:
        epoch, seq = _advance(cursor, len(drafts))
        seq -= len(drafts)
        if known and epoch == known.epoch and seq < known.seq:
            epoch = begin_anew().epoch
        stored = _stored(cursor, drafts)
        fresh: list[Draft] = []
        for draft in drafts:
            if draft.key not in stored:
                fresh.append(draft)
                stored[draft.key] = Known(seq + len(fresh), draft.text)
        seqs = [stored[draft.key].seq_of(draft) for draft in drafts]
        if len(fresh) < len(drafts):
            _advance(cursor, len(fresh) - len(drafts))
        if not fresh:
            return seqs, []
        now, start, end = timezone.now(), seq + 1, seq + len(fresh)
        _insert(cursor, start, fresh, now)
        events = [_event_of(draft, seq, now) for seq, draft in enumerate(fresh, start)]
        return seqs, list(batches(epoch, start, end, events))


# The three statements of an append are plain SQL: by the ORM each costs some 0.5 ms CPU, more than
# to deliver the message to a hundred people.
def _advance(cursor: CursorWrapper, count: int) -> tuple[str, int]:
    """Move the counter on; returns the log's epoch, and the counter as it is now.

    The log is ours alone from here until the transaction ends.
    """
    cursor.execute("UPDATE chat_log SET seq = seq + %s RETURNING epoch, seq", [count])
    rows = cursor.fetchall()
    return rows[0] if rows else _no_row()


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored under a nonce. `text` is None where it is not known what was said first."""

    seq: int
    text: str | None

    def seq_of(self, draft: Draft) -> int | None:
        """The seq under which `draft` is stored; None if something else is, under its nonce."""
        return self.seq if self.text in (None, draft.text) else None


def _stored(cursor: CursorWrapper, drafts: Iterable[Draft]) -> dict[tuple[str, str], Known]:
    """Those that are stored, by `Draft.key`."""
    # By both: somebody may have used one nonce under thousands of names.
    nonces, authors = {draft.nonce for draft in drafts}, {draft.author for draft in drafts}
    cursor.execute(
        "SELECT author, nonce, seq,"
        " CASE WHEN edited_at IS NULL AND removed_at IS NULL THEN text END"
        f" FROM chat_message WHERE nonce IN ({_marks(nonces)}) AND author IN ({_marks(authors)})",
        [*nonces, *authors],
    )
    return {(author, nonce): Known(seq, text) for author, nonce, seq, text in cursor.fetchall()}


def _insert(cursor: CursorWrapper, start: int, drafts: Sequence[Draft], now: datetime) -> None:
    at = connection.ops.adapt_datetimefield_value(now)
    most = (connection.features.max_query_params or 9000) // 9
    for first in range(0, len(drafts), most):
        rows = [
            (seq, seq, draft.author, draft.name, draft.text, draft.nonce, at, "")
            for seq, draft in enumerate(drafts[first : first + most], start + first)
        ]
        values = ", ".join([f"({_marks(rows[0])})"] * len(rows))
        cursor.execute(
            "INSERT INTO chat_message (seq, rev, author, name, text, nonce, at, hidden_by)"
            f" VALUES {values}",
            [value for row in rows for value in row],
        )


def _marks(values: Collection) -> str:
    return ", ".join(["%s"] * len(values))


def _event_of(draft: Draft, seq: int, at: datetime) -> Event:
    """A draft as the relay carries it once it is stored."""
    encoded = protocol.message(
        seq=seq,
        rev=seq,
        by=draft.author,
        name=draft.name,
        text=draft.text,
        at=at,
        nonce=draft.nonce,
    )
    return Event(seq, seq, True, encoded)


def find(drafts: Sequence[Draft]) -> list[int | None]:
    """The seqs of those `drafts` that are stored already, None for the others."""
    with connection.cursor() as cursor:
        stored = _stored(cursor, drafts)
    return [stored[draft.key].seq_of(draft) if draft.key in stored else None for draft in drafts]


def hide(messages: QuerySet[Message], by: str) -> list[int]:
    """Hide those of `messages` that are visible, at most some hundred; returns their seqs."""
    shown = messages.filter(removed_at=None, hidden_at=None)
    return _change(shown, timezone.now(), by)


def restore(messages: QuerySet[Message]) -> list[int]:
    """Show `messages` again, at most some hundred; returns their seqs.

    One that is not hidden is told again: who has left it out, as an act was to hide it, hears of
    it.
    """
    return _change(messages.filter(removed_at=None), None, "")


@transaction.atomic
def _change(messages: QuerySet[Message], hidden_at: datetime | None, by: str) -> list[int]:
    """Give each message the next number as its rev, and say who has hidden it and when."""
    with connection.cursor() as cursor:
        _, seq = _advance(cursor, 0)
        seqs = list(messages.order_by("seq").values_list("seq", flat=True))
        if not seqs:
            return []
        _advance(cursor, len(seqs))
        # One statement: all posts wait for it.
        rows = ", ".join(f"({changed}, {rev})" for rev, changed in enumerate(seqs, seq + 1))
        cursor.execute(
            "UPDATE chat_message SET rev = n.column2, hidden_at = %s, hidden_by = %s"
            f" FROM (VALUES {rows}) AS n WHERE chat_message.seq = n.column1",
            [connection.ops.adapt_datetimefield_value(hidden_at), by],
        )
    return seqs


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
