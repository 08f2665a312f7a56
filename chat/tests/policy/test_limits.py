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
    rates.post("ada", OPEN)
    rates.post("ada", OPEN)
    rates.post("bob", OPEN)
    with pytest.raises(FrameError) as caught:
        rates.post("ada", OPEN)
    assert caught.value.code == "rate_limited"
    assert 0 < caught.value.retry_after <= 10


def test_whatever_is_done_to_the_clock_nobody_waits_longer_for_it(settings, monkeypatch):
    settings.CHAT_POST_RATE = parse("2/10 seconds")
    rates, now = Rates(), time.time()
    rates.post("ada", OPEN)
    rates.post("ada", OPEN)
    monkeypatch.setattr("time.time", lambda: now - 7200)
    with pytest.raises(FrameError) as caught:
        rates.post("ada", OPEN)
    assert caught.value.retry_after <= 5


def test_who_waits_as_long_as_told_is_not_refused_again(settings, monkeypatch):
    now = 0
    monkeypatch.setattr("chat.policy.rates.Buckets", partial(Buckets, lambda: now))
    settings.CHAT_POST_RATE = parse("7/10 seconds")
    rates, said = Rates(), 0
    for _ in range(100):
        try:
            rates.post("ada", OPEN)
            said += 1
            now += 123_456_789
        except FrameError as wrong:
            now += round(wrong.retry_after * 1e9)
            rates.post("ada", OPEN)
            said += 1
    assert said == 100


def test_no_rate_is_no_limit(settings):
    settings.CHAT_POST_RATE = None
    rates = Rates()
    for _ in range(1000):
        rates.post("ada", OPEN)


def test_slow_mode_is_one_message_in_so_many_seconds(settings):
    settings.CHAT_POST_RATE = None
    rates, slow = Rates(), {"mode": "slow", "slow_seconds": 5}
    rates.post("ada", slow)
    with pytest.raises(FrameError) as caught:
        rates.post("ada", slow)
    assert caught.value.code == "slow_mode"
    assert 0 < caught.value.retry_after <= 5


def test_the_time_of_slow_mode_counts_from_the_last_message_however_it_changes(
    settings, monkeypatch
):
    now = 0
    monkeypatch.setattr("chat.policy.rates.Buckets", partial(Buckets, lambda: now))
    settings.CHAT_POST_RATE = None

    def waits(seconds: int) -> float:
        try:
            rates.post("ada", {"mode": "slow", "slow_seconds": seconds})
        except FrameError as wrong:
            return wrong.retry_after
        return 0

    rates = Rates()
    assert waits(600) == 0
    now = 20 * 10**9
    assert waits(600) == 580
    assert waits(60) == 40
    rates.post("ada", OPEN)  # it is off for a moment
    assert waits(60) == 40
    assert waits(20) == 0
    assert waits(600) == 600


def test_what_slow_mode_refuses_does_not_count_as_a_post(settings):
    settings.CHAT_POST_RATE = parse("2/hour")
    rates = Rates()
    rates.post("ada", {"mode": "slow", "slow_seconds": 5})
    for _ in range(10):
        with pytest.raises(FrameError, match="slow_mode"):
            rates.post("ada", {"mode": "slow", "slow_seconds": 5})
    rates.post("ada", OPEN)
    with pytest.raises(FrameError, match="rate_limited"):
        rates.post("ada", OPEN)


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


def test_sockets_are_counted_by_address_and_in_all(settings):
    settings.CHAT_SOCKETS_PER_ADDRESS, settings.CHAT_SOCKETS = 2, 3
    door = ConnectionLimiter()
    assert door.admit("192.0.2.1")
    assert door.admit("192.0.2.1")
    assert not door.admit("192.0.2.1")
    assert door.admit("192.0.2.2")
    assert not door.admit("192.0.2.3")
    door.release("192.0.2.1")
    assert door.admit("192.0.2.3")


def test_0_sockets_is_no_limit(settings):
    settings.CHAT_SOCKETS_PER_ADDRESS = settings.CHAT_SOCKETS = 0
    door = ConnectionLimiter()
    assert all(door.admit("192.0.2.1") for _ in range(1000))
