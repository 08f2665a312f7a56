"""New messages, stored in one transaction under the next numbers. All functions block."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from chat.log.batch import Batch, Event, batches
from chat.log.head import advance, begin_anew
from chat.protocol import outgoing
from chat.protocol.incoming import Since


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


def store(
    drafts: Sequence[Draft], position: Since | None = None
) -> tuple[list[int | None], list[Batch]]:
    """Store `drafts` in one transaction. Where the log is behind `position`, see `begin_anew`.

    Returns for each its seq, or None where its author has used the nonce for another text; and
    the batches for the relay. A draft that is stored already keeps its seq: doing it all again is
    safe, as it must be when a commit's outcome is unknown.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        epoch, seq = advance(cursor, len(drafts))
        seq -= len(drafts)
        if position and epoch == position.epoch and seq < position.seq:
            epoch = begin_anew().epoch
        stored = _stored(cursor, drafts)
        fresh: list[Draft] = []
        for draft in drafts:
            if draft.key not in stored:
                fresh.append(draft)
                stored[draft.key] = Earlier(seq + len(fresh), draft.text)
        seqs = [stored[draft.key].seq_of(draft) for draft in drafts]
        if len(fresh) < len(drafts):
            advance(cursor, len(fresh) - len(drafts))
        if not fresh:
            return seqs, []
        now, start, end = timezone.now(), seq + 1, seq + len(fresh)
        _insert(cursor, start, fresh, now)
        events = [_event_of(draft, seq, now) for seq, draft in enumerate(fresh, start)]
        return seqs, list(batches(epoch, start, end, events))


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is stored under a nonce. `text` is None where it is not known what was said first."""

    seq: int
    text: str | None

    def seq_of(self, draft: Draft) -> int | None:
        """The seq under which `draft` is stored; None if something else is, under its nonce."""
        return self.seq if self.text in (None, draft.text) else None


def _stored(cursor: CursorWrapper, drafts: Iterable[Draft]) -> dict[tuple[str, str], Earlier]:
    """Those that are stored, by `Draft.key`."""
    # By both: somebody may have used one nonce under thousands of names.
    nonces, authors = {draft.nonce for draft in drafts}, {draft.author for draft in drafts}
    cursor.execute(
        "SELECT author, nonce, seq,"
        " CASE WHEN edited_at IS NULL AND removed_at IS NULL THEN text END"
        f" FROM chat_message WHERE nonce IN ({_marks(nonces)}) AND author IN ({_marks(authors)})",
        [*nonces, *authors],
    )
    return {(author, nonce): Earlier(seq, text) for author, nonce, seq, text in cursor.fetchall()}


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


def _marks(values: Collection[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _event_of(draft: Draft, seq: int, at: datetime) -> Event:
    """A draft as the relay carries it once it is stored."""
    encoded = outgoing.message(
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
