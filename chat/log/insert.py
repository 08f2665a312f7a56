"""New messages, as rows and as events. All functions block."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from chat.log.batch import Event
from chat.log.entries import Draft, Stored
from chat.protocol import outgoing
from chat.protocol.errors import FrameError


def store(
    cursor: CursorWrapper, drafts: Sequence[Draft], seq: int, now: datetime
) -> tuple[list[Stored | FrameError], list[Event]]:
    """Insert those of `drafts` that are new, after number `seq`; the log is ours alone.

    Returns for each where it is stored, or a `nonce_conflict` where its author has used the nonce
    for another text; and the events of the new ones. A draft that is stored already keeps its seq.
    """
    if not drafts:
        return [], []
    stored = _stored(cursor, drafts)
    fresh: list[Draft] = []
    for draft in drafts:
        if draft.key not in stored:
            fresh.append(draft)
            stored[draft.key] = Earlier(seq + len(fresh), draft.text)
    if fresh:
        _insert(cursor, seq + 1, fresh, now)
    outcomes = [
        Stored(found, fresh=found > seq) if found else FrameError("nonce_conflict")
        for found in (stored[draft.key].seq_of(draft) for draft in drafts)
    ]
    return outcomes, [_event_of(draft, at, now) for at, draft in enumerate(fresh, seq + 1)]


def find(drafts: Sequence[Draft]) -> list[Stored | None]:
    """Where those of `drafts` are that are stored already."""
    if not drafts:
        return []
    with connection.cursor() as cursor:
        stored = _stored(cursor, drafts)
    seqs = [stored[draft.key].seq_of(draft) if draft.key in stored else None for draft in drafts]
    return [Stored(seq) if seq else None for seq in seqs]


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


COLUMNS = ("seq", "rev", "author", "name", "text", "nonce", "at", "hidden_by")


def _insert(cursor: CursorWrapper, start: int, drafts: Sequence[Draft], now: datetime) -> None:
    at = connection.ops.adapt_datetimefield_value(now)
    # Each parameter costs some µs: what nobody needs is left out.
    replies = any(draft.reply_to is not None for draft in drafts)
    columns = (*COLUMNS, "reply_to") if replies else COLUMNS
    most = (connection.features.max_query_params or 9000) // len(columns)
    for first in range(0, len(drafts), most):
        values: list[Any] = []
        part = drafts[first : first + most]
        for seq, draft in enumerate(part, start + first):
            values += (seq, seq, draft.author, draft.name, draft.text, draft.nonce, at, "")
            if replies:
                values.append(_reply_to(draft, seq))
        rows = ", ".join([f"({_marks(columns)})"] * len(part))
        cursor.execute(f"INSERT INTO chat_message ({', '.join(columns)}) VALUES {rows}", values)


def _marks(values: Collection[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _reply_to(draft: Draft, seq: int) -> int | None:
    """What it answers, unless that is a number that there was not yet."""
    return draft.reply_to if draft.reply_to is not None and draft.reply_to < seq else None


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
        reply_to=_reply_to(draft, seq),
    )
    return Event(seq, seq, True, encoded)
