"""Where the log stands: its epoch, its counter, the version of the rules. All functions block."""

from dataclasses import dataclass
from typing import NoReturn

from django.db import DatabaseError, connection
from django.db.backends.utils import CursorWrapper
from django.db.models import F

from chat.models import Log, new_epoch
from chat.protocol.incoming import Since


@dataclass(frozen=True, slots=True)
class Head:
    """Where the history stands; see `Log`."""

    epoch: str
    seq: int
    version: int


class RowMissing(DatabaseError):
    """The log's row or the room's is gone. `upkeep.mend` makes it again."""


def read_head() -> Head:
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


def begin_anew(position: Since | None = None) -> Head:
    """Give the history another epoch, so that every client starts afresh. Returns its head.

    With `position`, one that was reached once, only if the log has fallen behind it: an
    older database was put in its place.
    """
    logs = Log.objects.all()
    if position:
        logs = logs.filter(epoch=position.epoch, seq__lt=position.seq)
    logs.update(epoch=new_epoch())
    return read_head()


# The three statements of an append are plain SQL: by the ORM each costs some 0.5 ms CPU, more than
# to deliver the message to a hundred people.
def advance(cursor: CursorWrapper, count: int) -> tuple[str, int]:
    """Move the counter on; returns the log's epoch, and the counter as it is now.

    The log is ours alone from here until the transaction ends.
    """
    cursor.execute("UPDATE chat_log SET seq = seq + %s RETURNING epoch, seq", [count])
    rows: list[tuple[str, int]] = cursor.fetchall()
    return rows[0] if rows else _no_row()
