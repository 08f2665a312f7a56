"""What SQLite keeps beside its file while somebody reads for long goes when they have gone."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

pytestmark = pytest.mark.stack("embedded")

LIMIT = 16 * 1024 * 1024
TEXT = "a long one " * 300


def test_the_wal_that_grew_beside_a_reader_shrinks_when_they_have_gone(make_site, join):
    site = make_site()
    ada, data = join(site, "Ada"), Path(site.env["CHAT_DATA"])
    wal = data / "chat.sqlite3-wal"
    with contextlib.closing(sqlite3.connect(data / "chat.sqlite3")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM chat_message").fetchone()
        while wal.stat().st_size < 1.5 * LIMIT:
            for nonce in [ada.posts(TEXT) for _ in range(30)]:
                ada.is_accepted(nonce)
    for number in range(3):  # one that sees that all can be used again, and one that begins anew
        ada.says(f"after that, {number}")
    assert wal.stat().st_size <= LIMIT
