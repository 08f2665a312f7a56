"""How fast and how many, and whom it is counted against."""

import contextlib
import time

import pytest
from limits import parse

from chat.limits import Doorkeeper, Rates, network
from chat.protocol import FrameError
from chat.tests.support import eventually

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough

OPEN = {"mode": "open", "slow_seconds": 30}


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        (None, "unknown"),
        ("/run/chat.sock", "unknown"),
    ],
)
def test_an_address_counts_alone_and_an_ipv6_network_as_one(address, counted_as):
    assert network(address) == counted_as


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


def test_who_has_not_been_here_for_a_while_is_forgotten(settings, monkeypatch):
    settings.CHAT_POST_RATE = parse("1/second")
    rates = Rates()
    for number in range(50):
        rates.post(f"member {number}", OPEN)
    monkeypatch.setattr("chat.limits.SWEEP", 0.0)

    def forgotten() -> bool:
        with contextlib.suppress(FrameError):
            rates.post("somebody else", OPEN)  # what makes it sweep, and the library expire
        return len(rates._storage.events) < 5

    eventually(forgotten)


def test_when_the_clock_is_set_back_nobody_has_to_wait_until_it_is_there_again(
    settings, monkeypatch
):
    settings.CHAT_POST_RATE = parse("2/10 seconds")
    rates, now = Rates(), time.time()
    rates.post("ada", OPEN)
    rates.post("ada", OPEN)
    monkeypatch.setattr("time.time", lambda: now - 7200)
    rates.post("ada", OPEN)
    rates.post("ada", OPEN)
    with pytest.raises(FrameError, match="rate_limited"):
        rates.post("ada", OPEN)


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


def test_joins_are_limited_for_each_address(settings):
    settings.CHAT_JOIN_RATE = parse("1/minute")
    rates = Rates()
    rates.join("192.0.2.1")
    rates.join("192.0.2.2")
    with pytest.raises(FrameError, match="rate_limited"):
        rates.join("192.0.2.1")


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
    monkeypatch.setattr("chat.limits.REMEMBERED", 10)
    rates = Rates()
    for number in range(100):
        rates.join("192.0.2.1", f"member {number}")
    assert len(rates._joined) == 10


def test_sockets_are_counted_by_address_and_in_all(settings):
    settings.CHAT_SOCKETS_PER_ADDRESS, settings.CHAT_SOCKETS = 2, 3
    door = Doorkeeper()
    assert door.admit("192.0.2.1")
    assert door.admit("192.0.2.1")
    assert not door.admit("192.0.2.1")
    assert door.admit("192.0.2.2")
    assert not door.admit("192.0.2.3")
    door.dismiss("192.0.2.1")
    assert door.admit("192.0.2.3")


def test_0_sockets_is_no_limit(settings):
    settings.CHAT_SOCKETS_PER_ADDRESS = settings.CHAT_SOCKETS = 0
    door = Doorkeeper()
    assert all(door.admit("192.0.2.1") for _ in range(1000))
