"""What must be true once it is quiet, whatever has happened: DESIGN section 4, written once."""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime

from chat.tests.faults.client import Client, Entry, History
from chat.tests.support.site import Site


@dataclass
class Backup:
    """A database whose counter stood at `seq`, put back at that time (of the monotonic clock); it
    has `kept` the messages of these numbers, None: all."""

    seq: int
    kept: set[int] | None = None
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
        if not restored:
            check_changes(client, site, rows, true_clock)
        assert len(client.histories) == (2 if restored else 1), f"{client} had to start afresh"
    check_authors(clients + gone, stored)


def check_counter(site: Site, rows: list[dict]) -> None:
    """No number is two messages', and the last one is some message's."""
    revs = [row["rev"] for row in rows]
    numbers = revs + [row["seq"] for row in rows if row["rev"] != row["seq"]]
    assert len(set(numbers)) == len(numbers)
    assert site.sql("SELECT seq FROM chat_log") == [{"seq": max(revs, default=0)}]


def check_accepted(client: Client, stored: dict, restored: Backup | None) -> None:
    """What was accepted is stored, under the number that was told."""
    for nonce, seq in client.accepted.items():
        row = stored.get((client.id, nonce))
        if not row and restored and _was_not_in(restored, client.said[nonce], seq):
            continue
        assert row, f"{client}: {nonce} was accepted as {seq} and is not stored"
        assert row["seq"] == seq, f"{client}: {nonce} was accepted as {seq}, but is {row}"


def _was_not_in(backup: Backup, post: Entry, seq: int) -> bool:
    lost = backup.kept is not None and seq not in backup.kept
    return lost and post.said_at < backup.put_back_at


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
    """What the client was shown is what is stored: all, in order, each number once, and every
    message in its last state."""
    history = client.histories[-1]
    revs = [message["rev"] for message in history.messages]
    assert revs == sorted(set(revs)), f"{client} was shown {revs}"
    shown = {message["seq"]: as_shown(message) for message in history.messages}
    there = {row["seq"]: as_stored(row) for row in rows if is_told(row, history)}
    for seq in there.keys() | shown.keys():
        assert shown.get(seq) == there.get(seq), f"{client}: {shown.get(seq)}, {there.get(seq)}"


def is_told(row: dict, history: History) -> bool:
    """Whether somebody must have been shown it: it came since, or was one of the latest then."""
    was_there = row["seq"] >= history.start and not row["removed_at"]
    return row["rev"] > history.began or was_there


def as_shown(message: dict) -> dict:
    """A message, its times as seconds."""
    times = {name: moment(message[name]) for name in ("at", "edited") if name in message}
    return message | times


def as_stored(row: dict) -> dict:
    """A row of the log as a client must have been shown it."""
    told = {"seq": row["seq"], "rev": row["rev"], "by": row["author"]}
    if row["removed_at"]:
        return told | {"removed": True}
    reactions = row["reactions"]
    told |= {name: row[name] for name in ("name", "text", "nonce")}
    told |= {
        "at": to_a_millisecond(row["at"]),
        "edited": row["edited_at"] and to_a_millisecond(row["edited_at"]),
        "reply_to": row["reply_to"],
        "reactions": json.loads(reactions) if isinstance(reactions, str) else reactions,
    }
    return {name: value for name, value in told.items() if value}


def check_changes(client: Client, site: Site, rows: list[dict], true_clock: bool) -> None:
    """What was accepted last of what one wanted of a message is how it stands; of what has been
    removed nothing is left."""
    by_seq = {row["seq"]: row for row in rows}
    last = {(one["seq"], one.get("emoji")): one for one in client.changed}
    there = {
        (row["message_id"], row["emoji"])
        for row in site.sql(f"SELECT * FROM chat_reaction WHERE member = '{client.id}'")
    }
    for (seq, emoji), wanted in last.items():
        row = by_seq[seq]
        if row["removed_at"]:
            assert not row["text"]
            assert not any(seq == where for where, _ in there)
        elif emoji:
            assert ((seq, emoji) in there) == wanted["on"], f"{client}: {wanted}, but {there}"
        else:
            assert row["text"] == wanted.get("text"), f"{client}: {wanted}, but {row}"
    codes = set(client.refused.values())
    assert "not_yours" not in codes
    assert "too_late" not in codes or not true_clock


def check_authors(clients: list[Client], stored: dict) -> None:
    """Nothing is stored under somebody's name that they have not said."""
    said = {(c.id, post.nonce): post.text for c in clients for post in c.said.values()}
    meant = {
        (client.id, one["seq"], one.get("text", "")) for client in clients for one in client.changes
    }
    ids = {client.id for client in clients}
    for key, row in stored.items():
        if row["author"] in ids and said.get(key) != row["text"]:
            assert (row["author"], row["seq"], row["text"]) in meant, f"nobody has said {row}"
            assert key in said, f"nobody has said {row}"


def to_a_millisecond(stored: datetime | str) -> float:
    """The same as `moment` of what is told of it."""
    return math.floor(moment(stored) * 1000) / 1000


def moment(stored: datetime | str) -> float:
    """Seconds since 1970 of a time as the database gives it."""
    at = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
