"""What all at one address may do together, and what newcomers may."""

from functools import partial

import pytest
from limits import parse

from chat.policy import rates as module
from chat.policy.buckets import SECOND, Buckets
from chat.policy.newcomers import NEW, Newcomers
from chat.policy.pace import Pace
from chat.policy.rates import Rates
from chat.protocol.errors import FrameError

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough

HERE, ELSEWHERE = "192.0.2.1", "198.51.100.1"
OPEN = {"mode": "open", "slow_seconds": 30}
SLOW = {"mode": "slow", "slow_seconds": 60}


class Clock:
    """Of everything that the rates ask for the time. In seconds."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        self.newcomers = Newcomers(lambda: self.now)
        buckets = partial(Buckets, lambda: round(self.now * SECOND))
        monkeypatch.setattr("chat.policy.budgets.Buckets", buckets)
        monkeypatch.setattr(module, "Pace", partial(Pace, clock=lambda: self.now))
        monkeypatch.setattr(module, "newcomers", self.newcomers)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.fixture
def rates(clock):
    return Rates()


def is_refused(rates, member: str, address: str = HERE, text: str = "hello", room=OPEN) -> str:
    """The code, "" where it may be said."""
    try:
        rates.post(member, address, text, room)
    except FrameError as wrong:
        return wrong.code
    return ""


def said(rates, members: int, each: int, **fields) -> int:
    """How many of their posts were let through."""
    answers = [
        is_refused(rates, f"member {number}", **fields)
        for _ in range(each)
        for number in range(members)
    ]
    return answers.count("")


def test_many_cookies_at_one_address_say_no_more_than_twenty_people(rates):
    assert said(rates, members=100, each=20) == 400
    assert not is_refused(rates, "somebody", ELSEWHERE)


def test_large_messages_use_up_the_bytes_of_their_address(rates):
    text = "🙂" * 4000
    allowed = said(rates, members=100, each=5, text=text)
    assert allowed * 16_200 <= 1024 * 1024 < (allowed + 1) * 16_200
    assert not is_refused(rates, "somebody", ELSEWHERE, text)


def test_a_school_comes_talks_and_comes_back_and_nobody_is_refused(rates, clock):
    for pupil in range(200):
        clock.now += 60 / 200
        rates.join(HERE, f"pupil {pupil}")
        assert not rates.may_catch_up(HERE, 50 * 300)
    for minute in range(3):
        for pupil in range(200):
            clock.now += 60 / 200
            assert not is_refused(rates, f"pupil {pupil}", text="hello " * 30)
        for pupil in range(200):  # the network was away, and all return at once
            rates.join(HERE, f"pupil {pupil}")
            assert not rates.may_catch_up(HERE, 200 * 300), minute
            assert not is_refused(rates, f"pupil {pupil}")


def test_two_hundred_guests_at_one_address_come_and_come_back(rates, clock):
    for _ in range(3):
        for _ in range(200):
            rates.join(HERE)


def test_an_ipv6_customer_says_no_more_for_having_more_networks(rates):
    answers = [
        is_refused(rates, f"member {number}", f"2001:db8:0:{number:x}::1") for number in range(2000)
    ]
    assert answers.count("") == 1600  # a /48 is four addresses


def test_what_was_said_before_comes_later_where_the_budget_is_used_up_and_whoever_asked_first_first(
    rates, clock
):
    sizes = [1024 * 1024] * 20
    waits = [rates.catch_up(HERE, size) for size in sizes]
    assert waits[:16] == [0] * 16
    assert waits[16:] == sorted(waits[16:])
    assert waits[16] > 0
    assert rates.may_catch_up(HERE, 1) > 0
    assert not rates.catch_up(ELSEWHERE, 1024 * 1024)
    clock.now += max(waits) + 0.001
    assert not rates.may_catch_up(HERE, 1)


# --- Newcomers -----------------------------------------------------------------------------------
def test_who_has_said_something_a_while_ago_is_no_newcomer(clock):
    newcomers = clock.newcomers
    assert "ada" in newcomers
    newcomers.spoke("ada")
    clock.now = NEW - 1
    newcomers.spoke("ada")
    assert "ada" in newcomers
    clock.now = NEW
    assert "ada" not in newcomers
    assert "eve" in newcomers


def test_newcomers_are_remembered_within_bounds(clock, monkeypatch):
    monkeypatch.setattr("chat.policy.newcomers.REMEMBERED", 10)
    for number in range(100):
        clock.newcomers.spoke(f"member {number}")
    assert len(clock.newcomers._since) == 10


def test_in_slow_mode_the_newcomers_of_an_address_say_what_ten_people_would(rates, clock):
    clock.newcomers.spoke("ada")
    clock.now += NEW
    assert said(rates, members=300, each=1, room=SLOW) == 10
    assert is_refused(rates, "one more", room=SLOW) == "slow_mode"
    assert not is_refused(rates, "ada", room=SLOW)
    assert not is_refused(rates, "somebody", ELSEWHERE, room=SLOW)


def test_without_limits_slow_mode_binds_each_by_themselves(rates, settings):
    settings.CHAT_LIMITS = False
    assert said(rates, members=300, each=2, room=SLOW) == 300


def test_under_pressure_newcomers_have_a_quarter_and_the_others_what_they_had(rates, clock):
    for number in range(200):
        clock.newcomers.spoke(f"known {number}")
    clock.now += NEW
    rates.tight = True
    assert said(rates, members=200, each=1) == 100
    assert is_refused(rates, "one more")
    assert sum(not is_refused(rates, f"known {number}") for number in range(200)) == 200
    joined = 0
    for number in range(600):
        try:
            rates.join(HERE, f"member {number}")
            joined += 1
        except FrameError:
            break
    assert joined == 150


def test_what_one_address_says_is_no_pressure_on_the_newcomers_of_others(rates):
    text = "🙂" * 4000
    for member in range(100):
        is_refused(rates, f"member {member}", HERE, text)
    for address in range(200):
        assert not is_refused(rates, f"new {address}", f"198.51.100.{address}")


def test_without_limits_there_are_none(rates, settings):
    settings.CHAT_LIMITS = False
    assert said(rates, members=1, each=5000) == 5000
    for _ in range(5000):
        rates.join(HERE)
    assert not any(rates.catch_up(HERE, 1024 * 1024) for _ in range(100))


def test_empty_variables_are_no_limits(rates, settings):
    settings.CHAT_POST_RATE = parse("1/hour")
    settings.CHAT_POSTS_PER_ADDRESS = settings.CHAT_POST_BYTES_PER_ADDRESS = None
    settings.CHAT_ROOM_PACE = settings.CHAT_RESUME_BYTES_PER_ADDRESS = None
    assert said(rates, members=5000, each=1) == 5000
    assert not any(rates.catch_up(HERE, 1024 * 1024) for _ in range(100))
