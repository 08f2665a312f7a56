"""The room's pace: who has said most waits first, and who has said little never."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import parse

from chat.policy.budgets import take
from chat.policy.pace import FRESH, WINDOW, Pace, level
from chat.protocol.errors import FrameError

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough

RATE = parse("100/second")
MOST = 100 * WINDOW


class Room:
    """A pace, and what each address has said by it."""

    def __init__(self):
        self.now = 0.0
        self.pace = Pace("too much", clock=lambda: self.now)

    def takes(self, address: str, cost: int) -> bool:
        try:
            take(address, self.pace.of(address, RATE, cost))
        except FrameError:
            return False
        return True

    def fills(self, address: str, cost: int = 10) -> int:
        """Say as much as goes."""
        said = 0
        while self.takes(address, cost):
            said += cost
        return said


def test_one_alone_has_all_of_it():
    assert Room().fills("192.0.2.1") == MOST


def test_who_has_said_most_is_refused_and_the_others_are_not():
    room = Room()
    room.fills("192.0.2.1")
    room.now += FRESH
    assert room.takes("198.51.100.1", 10)
    assert not room.takes("192.0.2.1", 10)
    assert room.fills("198.51.100.1") < MOST


def test_what_is_older_than_the_window_counts_no_more():
    room = Room()
    room.fills("192.0.2.1")
    room.now += WINDOW
    assert room.fills("192.0.2.1") == MOST


def test_many_networks_of_one_customer_are_one():
    room = Room()
    said = sum(room.fills(f"2001:db8:0:{number:x}::1") for number in range(100))
    assert said == MOST


def test_nothing_is_kept_of_who_has_gone():
    room = Room()
    for number in range(250):
        room.takes(f"192.0.2.{number}", 1)
    room.now += WINDOW
    room.takes("198.51.100.1", 1)
    assert len(room.pace._used) == 1
    assert len(room.pace._slots) == 1


used = st.lists(st.integers(0, 1000), max_size=30)


@given(used, st.integers(1, 5000))
def test_cut_off_at_the_level_there_is_as_much_as_there_may_be(amounts, most):
    height = level(amounts, most)
    if sum(amounts) < most:
        assert height == math.inf
    else:
        assert sum(min(amount, height) for amount in amounts) == pytest.approx(most)


@given(used, st.integers(1, 5000))
def test_the_level_is_no_lower_than_an_equal_share(amounts, most):
    assert level(amounts, most) >= most / max(1, len(amounts)) - 1e-9


addresses = st.integers(1, 8)


@given(st.lists(st.tuples(addresses, st.integers(1, 200), st.floats(0, 3)), max_size=200))
def test_an_address_below_its_equal_share_is_never_refused(acts):
    room, said = Room(), list[tuple[float, int, int]]()
    for who, cost, pause in acts:
        room.now += pause
        recent = [(at, by, size) for at, by, size in said if int(at) > room.now - WINDOW]
        of_mine = sum(size for _, by, size in recent if by == who)
        people = {by for _, by, _ in recent} | {who}
        if room.takes(f"192.0.2.{who}", cost):
            said.append((room.now, who, cost))
        else:
            assert of_mine + cost > MOST / len(people)
