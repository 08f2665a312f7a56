"""What people say and change, stored in one transaction under the next numbers.

All functions block.
"""

from collections.abc import Sequence
from typing import TypeVar

from django.db import connection, transaction
from django.utils import timezone

from chat.log import alter, insert
from chat.log.batch import Batch, batches
from chat.log.entries import Change, Draft, Entry, Stored
from chat.log.head import advance, begin_anew
from chat.protocol.errors import FrameError
from chat.protocol.incoming import Since

Outcome = Stored | FrameError
T = TypeVar("T")


def store(
    entries: Sequence[Entry], position: Since | None = None
) -> tuple[list[Outcome], list[Batch]]:
    """Store `entries` in one transaction. Where the log is behind `position`, see `begin_anew`.

    Returns what became of each, and the batches for the relay: new messages, then each message
    that was changed, once, in its last state. What is so already stays as it is, so doing it all
    again is safe, as it must be when a commit's outcome is unknown.
    """
    drafts, changes = _drafts(entries), _changes(entries)
    most = len(drafts) + len({change.what.seq for change in changes})
    with transaction.atomic(), connection.cursor() as cursor:
        epoch, seq = advance(cursor, most)
        seq -= most
        if position and epoch == position.epoch and seq < position.seq:
            epoch = begin_anew().epoch
        now = timezone.now()
        said, new = insert.store(cursor, drafts, seq, now)
        done, changed = alter.store(cursor, changes, seq + len(new), now)
        events = new + changed
        if len(events) < most:
            advance(cursor, len(events) - most)
    outcomes = _in_order(entries, said, done)
    if not events:
        return outcomes, []
    return outcomes, list(batches(epoch, seq + 1, seq + len(events), events))


def find(entries: Sequence[Entry]) -> list[Stored | None]:
    """Where each of `entries` is stored, or so, already; None for the others."""
    drafts, changes = _drafts(entries), _changes(entries)
    return _in_order(entries, insert.find(drafts), alter.find(changes))


def _drafts(entries: Sequence[Entry]) -> list[Draft]:
    return [entry for entry in entries if isinstance(entry, Draft)]


def _changes(entries: Sequence[Entry]) -> list[Change]:
    return [entry for entry in entries if isinstance(entry, Change)]


def _in_order(entries: Sequence[Entry], said: list[T], done: list[T]) -> list[T]:
    """One for each entry: of `said` for a message, of `done` for a change."""
    if not done:
        return said
    parts = {Draft: iter(said), Change: iter(done)}
    return [next(parts[type(entry)]) for entry in entries]
