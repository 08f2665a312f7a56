"""How fast and how many, and whom it is counted against."""

import contextlib
import time
from functools import partial

import pytest
from limits import parse

from chat.policy import addresses
from chat.policy.buckets import Buckets
from chat.policy.connections import ConnectionLimiter
from chat.policy.rates import Rates
from chat.protocol.errors import FrameError

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough

OPEN = {"mode": "open", "slow_seconds": 30}


def posts(rates: Rates, member: str, room=OPEN, *, address="192.0.2.1", text="hello") -> None:
    rates.post(member, address, text, room)


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        (None, "unknown"),
        ("/run/chat.sock", "unknown"),
    ],
)
def test_an_address_counts_alone_and_an_ipv6_network_as_one(address, counted_as):
    assert addresses.key(address) == counted_as


def test_posts_are_limited_for_each_member_and_it_says_how_long_to_wait(settings):
    settings.CHAT_POST_RATE = parse("2/10 seconds")
    rates = Rates()
    posts(rates, "ada")
    posts(rates, "ada")
    posts(rates, "bob")
    with pytest.raises(FrameError) as caught:
        posts(rates, "ada")
    assert caught.value.code == "rate_limited"
    assert 0 < caught.value.retry_after <= 10


def test_whatever_is_done_to_the_clock_nobody_waits_longer_for_it(settings, monkeypatch):
    settings.CHAT_POST_RATE = parse("2/10 seconds")
    rates, now = Rates(), time.time()
    posts(rates, "ada")
    posts(rates, "ada")
    monkeypatch.setattr("time.time", lambda: now - 7200)
    with pytest.raises(FrameError) as caught:
        posts(rates, "ada")
    assert caught.value.retry_after <= 5


def test_who_waits_as_long_as_told_is_not_refused_again(settings, monkeypatch):
    now = 0
    monkeypatch.setattr("chat.policy.budgets.Buckets", partial(Buckets, lambda: now))
    settings.CHAT_POST_RATE = parse("7/10 seconds")
    rates, said = Rates(), 0
    for _ in range(100):
        try:
            posts(rates, "ada")
            said += 1
            now += 123_456_789
        except FrameError as wrong:
            now += round(wrong.retry_after * 1e9)
            posts(rates, "ada")
            said += 1
    assert said == 100


def test_no_rate_is_no_limit(settings):
    settings.CHAT_POST_RATE = None
    rates = Rates()
    for _ in range(150):
        posts(rates, "ada")


def test_slow_mode_is_one_message_in_so_many_seconds(settings):
    settings.CHAT_POST_RATE = None
    rates, slow = Rates(), {"mode": "slow", "slow_seconds": 5}
    posts(rates, "ada", slow)
    with pytest.raises(FrameError) as caught:
        posts(rates, "ada", slow)
    assert caught.value.code == "slow_mode"
    assert 0 < caught.value.retry_after <= 5


def test_the_time_of_slow_mode_counts_from_the_last_message_however_it_changes(
    settings, monkeypatch
):
    now = 0
    monkeypatch.setattr("chat.policy.budgets.Buckets", partial(Buckets, lambda: now))
    settings.CHAT_POST_RATE = None

    def waits(seconds: int) -> float:
        try:
            posts(rates, "ada", {"mode": "slow", "slow_seconds": seconds})
        except FrameError as wrong:
            return wrong.retry_after
        return 0

    rates = Rates()
    assert waits(600) == 0
    now = 20 * 10**9
    assert waits(600) == 580
    assert waits(60) == 40
    posts(rates, "ada")  # it is off for a moment
    assert waits(60) == 40
    assert waits(20) == 0
    assert waits(600) == 600


def test_what_slow_mode_refuses_does_not_count_as_a_post(settings):
    settings.CHAT_POST_RATE = parse("2/hour")
    rates = Rates()
    posts(rates, "ada", {"mode": "slow", "slow_seconds": 5})
    for _ in range(10):
        with pytest.raises(FrameError, match="slow_mode"):
            posts(rates, "ada", {"mode": "slow", "slow_seconds": 5})
    posts(rates, "ada")
    with pytest.raises(FrameError, match="rate_limited"):
        posts(rates, "ada")


def test_joins_are_limited_for_each_address(settings):
    settings.CHAT_JOIN_RATE = parse("1/minute")
    rates = Rates()
    rates.join("192.0.2.1")
    rates.join("192.0.2.2")
    with pytest.raises(FrameError, match="rate_limited"):
        rates.join("192.0.2.1")
    rates.join("2001:db8:1:2::1")
    with pytest.raises(FrameError, match="rate_limited"):
        rates.join("2001:db8:1:2::2")


def test_a_member_who_comes_back_without_end_takes_nothing_from_the_neighbours(settings):
    settings.CHAT_JOIN_RATE = parse("3/minute")
    rates = Rates()
    for _ in range(1000):
        with contextlib.suppress(FrameError):
            rates.join("192.0.2.1", "cut again and again")
    with pytest.raises(FrameError, match="rate_limited"):
        rates.join("192.0.2.1", "cut again and again")
    rates.join("192.0.2.1", "neighbour")
    rates.join("192.0.2.1")
    with pytest.raises(FrameError, match="rate_limited"):
        rates.join("192.0.2.1", "one cookie more")


def test_many_who_come_back_at_once_are_not_counted_again(settings):
    settings.CHAT_JOIN_RATE = parse("200/minute")
    rates = Rates()
    for _ in range(2):
        for number in range(200):
            rates.join("192.0.2.1", f"pupil {number}")
    rates.join("192.0.2.2", "pupil 1")
    with pytest.raises(FrameError, match="rate_limited"):
        rates.join("192.0.2.1", "somebody new")


def test_who_has_joined_is_remembered_within_bounds(settings, monkeypatch):
    settings.CHAT_JOIN_RATE = parse("1000/minute")
    monkeypatch.setattr("chat.policy.rates.REMEMBERED", 10)
    rates = Rates()
    for number in range(100):
        rates.join("192.0.2.1", f"member {number}")
    assert len(rates._joined) == 10


def refusal(door: ConnectionLimiter, address: str) -> str | None:
    """The code with which one more socket is refused."""
    try:
        door.admit(address)
    except FrameError as wrong:
        return wrong.code
    return None


def test_sockets_are_counted_by_address_and_in_all(settings):
    settings.CHAT_SOCKETS_PER_ADDRESS, settings.CHAT_SOCKETS = 2, 3
    door = ConnectionLimiter()
    assert [refusal(door, "192.0.2.1") for _ in range(3)] == [None, None, "rate_limited"]
    assert refusal(door, "192.0.2.2") is None
    assert refusal(door, "192.0.2.3") == "busy"  # it is not the newcomer who has too many
    door.release("192.0.2.1")
    assert refusal(door, "192.0.2.3") is None


def test_an_ipv6_customer_has_no_more_sockets_for_having_more_networks(settings):
    settings.CHAT_SOCKETS_PER_ADDRESS, settings.CHAT_SOCKETS = 2, 1000
    door = ConnectionLimiter()
    of_56 = [refusal(door, f"2001:db8:0:{number:x}::1") for number in range(256)]
    assert of_56.count(None) == 4
    of_48 = [refusal(door, f"2001:db8:0:{number:x}00::1") for number in range(1, 256)]
    assert of_48.count(None) == 4
    assert refusal(door, "2001:db8:1::1") is None


def test_however_many_addresses_fill_the_room_somebody_else_comes_in(settings):
    settings.CHAT_SOCKETS_PER_ADDRESS, settings.CHAT_SOCKETS = 500, 20_000
    door = ConnectionLimiter()
    for number in range(100):
        while refusal(door, f"192.0.2.{number}") is None:
            pass
    assert all(refusal(door, f"198.51.100.{number}") is None for number in range(200))


def test_0_sockets_is_no_limit(settings):
    settings.CHAT_SOCKETS_PER_ADDRESS = settings.CHAT_SOCKETS = 0
    door = ConnectionLimiter()
    assert all(refusal(door, "192.0.2.1") is None for _ in range(1000))


def test_without_limits_the_room_is_full_when_it_is(settings):
    settings.CHAT_LIMITS = False
    settings.CHAT_SOCKETS_PER_ADDRESS, settings.CHAT_SOCKETS = 1, 100
    door = ConnectionLimiter()
    assert [refusal(door, "192.0.2.1") for _ in range(101)] == [None] * 100 + ["busy"]
