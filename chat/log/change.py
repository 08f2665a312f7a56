"""Changes of messages: each takes the next number as its rev. All functions block."""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from chat.log.head import advance
from chat.models import Message


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
        _, seq = advance(cursor, 0)
        seqs = list(messages.order_by("seq").values_list("seq", flat=True))
        if not seqs:
            return []
        advance(cursor, len(seqs))
        # One statement: all posts wait for it.
        rows = ", ".join(f"({changed}, {rev})" for rev, changed in enumerate(seqs, seq + 1))
        cursor.execute(
            "UPDATE chat_message SET rev = n.column2, hidden_at = %s, hidden_by = %s"
            f" FROM (VALUES {rows}) AS n WHERE chat_message.seq = n.column1",
            [connection.ops.adapt_datetimefield_value(hidden_at), by],
        )
    return seqs
