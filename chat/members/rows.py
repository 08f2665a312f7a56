"""Members as a batch of claims reads them, by plain SQL: to be put together by the ORM, the two
statements cost as much CPU as all the rest of a claim. All functions block.
"""

from collections.abc import Collection, Iterable

from django.db import connection

from chat.models import Member


def names_of(ids: Collection[str]) -> set[str]:
    """What these members were called last."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT name FROM chat_member WHERE id IN ({_marks(ids)})", [*ids])
        return {name for (name,) in cursor.fetchall()}


def touched(ids: Collection[str], keys: Collection[str]) -> Iterable[Member]:
    """These members, and those with one of these keys, locked."""
    lock = "FOR UPDATE" if connection.features.has_select_for_update else ""
    # In one order for all: two batches that want each other's rows would wait for ever.
    return Member.objects.raw(
        f"SELECT * FROM chat_member WHERE id IN ({_marks(ids)}) OR name_key IN ({_marks(keys)})"
        f" OR look_key IN ({_marks(keys)}) ORDER BY id {lock}",
        [*ids, *keys, *keys],
    )


def _marks(values: Collection[str]) -> str:
    return ", ".join(["%s"] * len(values)) or "NULL"  # which no value is
