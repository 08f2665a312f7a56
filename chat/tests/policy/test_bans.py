"""Who is shut out: by member, by address, by network, and for how long. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from chat.policy.bans import Bans
from chat.protocol.errors import FrameError

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


@dataclass
class Ban:
    member_id: str | None = None
    network: str = ""
    reason: str = ""
    expires_at: datetime | None = None


def is_banned(ban: Ban, member_id: str | None = None, address: str | None = None) -> bool:
    try:
        Bans([ban]).check(member_id, address)
    except FrameError as wrong:
        return wrong.code == "banned"
    return False


def test_nobody_is_banned_where_there_are_no_bans():
    Bans().check("ada", "192.0.2.1")


def test_a_member_is_banned_wherever_they_come_from():
    ban = Ban(member_id="ada")
    assert is_banned(ban, "ada", "192.0.2.1")
    assert is_banned(ban, "ada", None)
    assert not is_banned(ban, "bob", "192.0.2.1")


@pytest.mark.parametrize(
    ("network", "address", "banned"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.0/24", "192.0.2.200", True),
        ("192.0.2.0/24", "192.0.3.1", False),
        ("2001:db8::/32", "2001:db8:1::5", True),
        ("2001:db8::/32", "192.0.2.1", False),
        ("0.0.0.0/0", "198.51.100.7", True),
        ("192.0.2.1", None, False),
        ("192.0.2.1", "/run/chat.sock", False),
        ("2001:db8:1:2::5", "2001:db8:1:2:ffff::1", True),  # a neighbour in the /64 is the same
        ("2001:db8:1:2::5", "2001:db8:1:3::5", False),
        ("2001:db8:1:2::5/128", "2001:db8:1:2::6", False),  # unless somebody insists
        ("2001:db8:1:2::5/128", "2001:db8:1:2::5", True),
        ("192.0.2.1", "::ffff:192.0.2.1", True),  # IPv4 as IPv6 writes it
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.0/120", "192.0.2.9", True),
    ],
)
def test_an_address_or_a_network_is_banned_whoever_it_is(network, address, banned):
    assert is_banned(Ban(network=network), "anybody", address) is banned


def test_a_ban_with_both_is_against_either():
    ban = Ban(member_id="ada", network="192.0.2.1")
    assert is_banned(ban, "ada", "198.51.100.7")
    assert is_banned(ban, "bob", "192.0.2.1")


def test_a_ban_ends_when_it_expires():
    now = datetime.now(UTC)
    assert is_banned(Ban("ada", expires_at=now + timedelta(minutes=1)), "ada")
    assert not is_banned(Ban("ada", expires_at=now - timedelta(seconds=1)), "ada")


def test_they_are_told_why_until_when_and_when_to_ask_again():
    ban = Ban("ada", reason="spam", expires_at=datetime.now(UTC) + timedelta(minutes=1))
    with pytest.raises(FrameError) as caught:
        Bans([ban]).check("ada", None)
    assert "spam" in caught.value.message
    assert "Until" in caught.value.message
    assert 50 < caught.value.retry_after <= 60
