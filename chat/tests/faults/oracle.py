"""What must be true once it is quiet, whatever has happened: DESIGN section 4, written once."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from chat.tests.faults.client import Client, Post
from chat.tests.support.site import Site

TOLD = ("seq", "rev", "by", "name", "text", "nonce")
STORED = ("seq", "rev", "author", "name", "text", "nonce")


@dataclass
class Backup:
    """A database whose counter stood at `seq`, put back at that time (of the monotonic clock)."""

    seq: int
    put_back_at: float = math.inf


def check(
    site: Site,
    clients: list[Client],
    gone: list[Client],
    *,
    restored: Backup | None = None,
    true_clock: bool = True,
) -> None:
    """Compare what `clients`, and others who are gone, were promised and shown with what is
    stored."""
    rows = site.messages()
    stored = {(row["author"], row["nonce"]): row for row in rows}
    assert len(stored) == len(rows), "a nonce is stored twice"
    check_counter(site, rows)
    for client in clients + gone:
        assert not client.problems, client.problems
        check_accepted(client, stored, restored)
        check_refused(client, stored, true_clock)
    for client in clients:
        check_history(client, rows)
        assert len(client.histories) == (2 if restored else 1), f"{client} had to start afresh"
    check_authors(clients + gone, stored)


def check_counter(site: Site, rows: list[dict]) -> None:
    """Every number is some message's. (Nobody hides anything here.)"""
    numbers = list(range(1, len(rows) + 1))
    assert [row["seq"] for row in rows] == numbers
    assert [row["rev"] for row in rows] == numbers
    assert site.sql("SELECT seq FROM chat_log") == [{"seq": len(rows)}]


def check_accepted(client: Client, stored: dict, restored: Backup | None) -> None:
    """What was accepted is stored, under the number that was told."""
    for nonce, seq in client.accepted.items():
        row = stored.get((client.id, nonce))
        if not row and restored and _was_not_in(restored, client.said[nonce], seq):
            continue
        assert row, f"{client}: {nonce} was accepted as {seq} and is not stored"
        assert row["seq"] == seq, f"{client}: {nonce} was accepted as {seq}, but is {row}"


def _was_not_in(backup: Backup, post: Post, seq: int) -> bool:
    return seq > backup.seq and post.said_at < backup.put_back_at


def check_refused(client: Client, stored: dict, true_clock: bool) -> None:
    """`rejected` says that nothing is stored: not then, and not later without another try."""
    for nonce, code in client.refused.items():
        row = stored.get((client.id, nonce))
        assert not row or code == "nonce_conflict", f"{client}: {nonce}: {code}, but {row}"
    for post in client.said.values():
        row = stored.get((client.id, post.nonce))
        if true_clock and row and post.refused_at:
            assert moment(row["at"]) > post.refused_at, f"busy, but was stored before: {row}"


def check_history(client: Client, rows: list[dict]) -> None:
    """What the client was shown is what is stored: all, in order, once."""
    history = client.histories[-1]
    shown = [tuple(message[key] for key in TOLD) for message in history.messages]
    there = [tuple(row[key] for key in STORED) for row in rows if row["rev"] >= history.start]
    for told, kept in zip(shown, there, strict=False):
        assert told == kept, f"{client} was shown {told} where the log has {kept}"
    assert len(shown) == len(there), f"{client} was shown {len(shown)} of {len(there)}"


def check_authors(clients: list[Client], stored: dict) -> None:
    """Nothing is stored under somebody's name that they have not said."""
    said = {(c.id, post.nonce): post.text for c in clients for post in c.said.values()}
    ids = {client.id for client in clients}
    for key, row in stored.items():
        if row["author"] in ids:
            assert said.get(key) == row["text"], f"nobody has said {row}"


def moment(stored: datetime | str) -> float:
    """Seconds since 1970 of a time as the database gives it."""
    at = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
