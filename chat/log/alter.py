"""Changes that members ask for: edits, removals, reactions. All functions block.

They are worked through in memory, one after the other, on the messages as they stand; then each
message that has changed is written once, under one number.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Exists, OuterRef
from django.utils import timezone

from chat.log.batch import Event
from chat.log.entries import Change, Stored
from chat.log.reactions import Reactions
from chat.log.read import event
from chat.models import FormerText, Message, Pending
from chat.protocol.bounds import LIMITS
from chat.protocol.errors import FrameError
from chat.protocol.incoming import Edit, React, Remove

EDITABLE = timedelta(seconds=LIMITS["edit_seconds"])


def store(
    cursor: CursorWrapper, changes: Sequence[Change], seq: int, now: datetime
) -> tuple[list[Stored | FrameError], list[Event]]:
    """Apply `changes` in their order, under the numbers after `seq`; the log is ours alone.

    Returns what became of each, and the events of the messages that have changed.
    """
    if not changes:
        return [], []
    standing = Standing(changes, now)
    done = [standing.apply(change) for change in changes]
    events = standing.write(cursor, seq)
    return [
        standing.outcome(change, was) for change, was in zip(changes, done, strict=True)
    ], events


def find(changes: Sequence[Change]) -> list[Stored | None]:
    """The messages of those of `changes` that have nothing to change."""
    if not changes:
        return []
    standing = Standing(changes, timezone.now())
    return [standing.find(change) for change in changes]


class Standing:
    """The messages that changes are about, as they stand while these are worked through."""

    def __init__(self, changes: Iterable[Change], now: datetime):
        self.now = now
        seqs = {change.what.seq for change in changes}
        to_hide = Exists(Pending.objects.filter(seq=OuterRef("seq")))
        found = Message.objects.filter(seq__in=seqs).annotate(to_hide=to_hide)
        self._messages: dict[int, Any] = {message.seq: message for message in found}
        self.reactions = Reactions(
            (change.what.seq, change.author) for change in changes if type(change.what) is React
        )
        self.former: list[FormerText] = []
        self._changed: dict[int, None] = {}  # in the order in which they were changed last
        self._removed: list[int] = []

    def find(self, change: Change) -> Stored | None:
        """The message that is so already."""
        message, kind = self._messages.get(change.what.seq), KINDS[type(change.what)]
        if message and kind.is_so(self, message, change.author, change.what):
            return Stored(message.seq, message.rev)
        return None

    def apply(self, change: Change) -> bool | FrameError:
        """Do it: whether anything has changed, or why it can't be."""
        if self.find(change):
            return False
        message = self._messages.get(change.what.seq)
        try:
            if message is None:
                raise FrameError("gone")
            KINDS[type(change.what)].do(self, message, change.author, change.what)
        except FrameError as wrong:
            return wrong
        self._changed.pop(message.seq, None)
        self._changed[message.seq] = None
        return True

    def outcome(self, change: Change, done: bool | FrameError) -> Stored | FrameError:
        if isinstance(done, FrameError):
            return done
        message = self._messages[change.what.seq]
        return Stored(message.seq, message.rev, fresh=done)

    def write(self, cursor: CursorWrapper, seq: int) -> list[Event]:
        """Write what has changed, under the numbers after `seq`."""
        if not self._changed:
            return []
        changed = [self._messages[one] for one in self._changed]
        FormerText.objects.bulk_create(self.former)
        FormerText.objects.filter(message__in=self._removed).delete()
        self.reactions.write(cursor, {message.seq: message for message in changed})
        for rev, message in enumerate(changed, seq + 1):
            message.rev = rev
        cursor.executemany(
            "UPDATE chat_message SET rev = %s, text = %s, edited_at = %s, removed_at = %s,"
            " reactions = %s WHERE seq = %s",
            [_row(message) for message in changed],
        )
        return [event(message) for message in changed]

    def shown(self, message: Any) -> bool:
        """Whether anybody sees it; what an open act is about to hide is as good as hidden."""
        return bool(message.visible and not message.to_hide)

    def remove(self, message: Message) -> None:
        message.text, message.removed_at = "", self.now
        self.former = [former for former in self.former if former.message_id != message.seq]
        self._removed.append(message.seq)
        self.reactions.erase(message)


def _row(message: Message) -> tuple[Any, ...]:
    at = connection.ops.adapt_datetimefield_value
    reactions = message.reactions and connection.ops.adapt_json_value(message.reactions, None)
    times = at(message.edited_at), at(message.removed_at)
    return message.rev, message.text, *times, reactions or None, message.seq


# --- Edits ---------------------------------------------------------------------------------------
def _is_edited(standing: Standing, message: Message, by: str, what: Any) -> bool:
    return message.author == by and message.text == what.text


def _edit(standing: Standing, message: Message, by: str, what: Any) -> None:
    if not standing.shown(message):
        raise FrameError("gone")
    if message.author != by:
        raise FrameError("not_yours")
    if standing.now > message.at + EDITABLE:
        raise FrameError("too_late")
    former = FormerText(message=message, text=message.text, until=standing.now)
    standing.former.append(former)
    message.text, message.edited_at = what.text, standing.now


# --- Removals ------------------------------------------------------------------------------------
def _is_removed(standing: Standing, message: Message, by: str, what: Any) -> bool:
    return message.author == by and message.removed_at is not None


def _remove(standing: Standing, message: Message, by: str, what: Any) -> None:
    """One's own: also what is hidden, whose text is then gone for good."""
    if message.author != by:
        raise FrameError("not_yours" if standing.shown(message) else "gone")
    standing.remove(message)


# --- Reactions -----------------------------------------------------------------------------------
def _has_reacted(standing: Standing, message: Message, by: str, what: Any) -> bool:
    there = standing.reactions.has(message.seq, by, what.emoji)
    return message.removed_at is None and there == what.on


def _react(standing: Standing, message: Message, by: str, what: Any) -> None:
    if not standing.shown(message):
        raise FrameError("gone")
    standing.reactions.put(message, by, what.emoji, what.on)


class Kind(NamedTuple):
    """`is_so`: nothing has to change. `do` changes the message; raises `FrameError`."""

    is_so: Callable[[Standing, Message, str, Any], bool]
    do: Callable[[Standing, Message, str, Any], None]


KINDS: dict[type, Kind] = {
    Edit: Kind(_is_edited, _edit),
    Remove: Kind(_is_removed, _remove),
    React: Kind(_has_reacted, _react),
}
