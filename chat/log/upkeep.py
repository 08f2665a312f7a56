"""What the room stands on: the rows that must be there, and whether it takes what is said.

All functions block; they run in the threads of chat/relay/work/threads.py.
"""

import logging
import secrets

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from chat.log import head
from chat.models import Log, Message, Room, new_epoch

THE_ONE = 1  # the key of a row that is made again: of two that are made at once, one is
logger = logging.getLogger(__name__)


def mend() -> bool:
    """Make the log's row and the room's where they are gone; whether anything was wrong.

    A log that is made again, or is behind its own messages, is another history: it gets an epoch,
    and goes on after the highest number there is. However many processes do this at once, and
    whatever they store meanwhile, there is one row of each.
    """
    done = {
        "the log's row was gone, and is made again": _make_log(),
        "the log was behind its messages, and has a new epoch": _catch_up(),
        "the room's row was gone, and is made again as a new room's is": _make_room(),
    }
    wrong = [words for words, count in done.items() if count]
    if wrong:
        logger.warning("%s: was the database flushed, or restored in part?", "; ".join(wrong))
    return bool(wrong)


HIGHEST = "(SELECT COALESCE(MAX(rev), 0) FROM chat_message)"


def _make_log() -> int:
    return _changed(
        f"INSERT INTO chat_log (id, epoch, seq, version) SELECT {THE_ONE}, %s, {HIGHEST}, 0"
        " WHERE NOT EXISTS (SELECT 1 FROM chat_log) ON CONFLICT DO NOTHING"
    )


def _catch_up() -> int:
    return _changed(f"UPDATE chat_log SET epoch = %s, seq = {HIGHEST} WHERE seq < {HIGHEST}")


def _changed(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, [new_epoch()])
        rows: int = cursor.rowcount
        return rows


@transaction.atomic
def _make_room() -> int:
    if Room.objects.exists():
        return 0
    Room.objects.bulk_create([Room(id=THE_ONE)], ignore_conflicts=True)
    return Log.objects.update(version=F("version") + 1)  # every process reads it again


def try_out() -> None:
    """Do all that storing a message takes, and take it back. Raises `DatabaseError`.

    Nobody waits for it, as the log's row is not locked, and nobody sees it. What is committed is
    nothing, but it is written: a full disk shows.
    """
    head.read_head()
    number = -1 - secrets.randbits(62)  # no message's, nor another trial's at the same time
    with transaction.atomic():
        Log.objects.filter(id=-1).update(seq=F("seq"))
        with transaction.atomic():  # to here it is taken back
            Message.objects.bulk_create(
                [
                    Message(
                        seq=number,
                        rev=number,
                        author="nobody",
                        name="nobody",
                        text="Is the room well?",
                        nonce=secrets.token_hex(16),
                        at=timezone.now(),
                    )
                ]
            )
            transaction.set_rollback(True)
