"""Buckets of tokens: against a model so simple that it can be seen to be right."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.policy.buckets import SECOND, Buckets

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


class Model:
    """A bucket each, filled by hand from one moment to the next, and never forgotten."""

    def __init__(self, count: int, seconds: int):
        self.count, self.rate = count, Fraction(SECOND * seconds // count)
        self.tokens: dict[str, Fraction] = {}
        self.most = Fraction(SECOND * seconds) / self.rate

    def passes(self, ns: int) -> None:
        for key, tokens in self.tokens.items():
            self.tokens[key] = min(self.most, tokens + ns / self.rate)

    def missing(self, key: str) -> float:
        """Seconds."""
        lacking = max(0, 1 - self.tokens.get(key, self.most))
        return float(lacking * self.rate / SECOND)

    def take(self, key: str) -> None:
        self.tokens[key] = self.tokens.get(key, self.most) - 1


@given(
    st.integers(1, 7),
    st.integers(1, 60),
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 20 * SECOND)), max_size=60),
)
def test_who_may_and_how_long_the_others_wait_is_what_the_model_says(count, seconds, asked):
    now = 5
    buckets, model = Buckets(lambda: now), Model(count, seconds)
    for key, later in asked:
        wait = buckets.wait(key, count, seconds)
        assert wait == pytest.approx(model.missing(key), abs=1e-9)
        if not wait:
            buckets.take(key, count, seconds)
            model.take(key)
        now += later
        model.passes(later)


@given(st.lists(st.integers(0, 3 * SECOND), min_size=30, max_size=60))
def test_nobody_gets_more_than_a_bucket_and_what_came_back_since(pauses):
    now, taken = 0, []
    buckets = Buckets(lambda: now)
    for pause in pauses:
        now += pause
        if not buckets.wait("ada", 5, 10):
            buckets.take("ada", 5, 10)
            taken.append(now)
    for first, begun in enumerate(taken):
        for more, at in enumerate(taken[first:], 1):
            assert more <= 5 + (at - begun) / (2 * SECOND)


def test_who_asks_too_early_again_and_again_waits_no_longer_for_it():
    now = 0
    buckets = Buckets(lambda: now)
    buckets.take("ada", 1, 10)
    for second in range(10):
        now = second * SECOND
        assert buckets.wait("ada", 1, 10) == 10 - second
    now = 10 * SECOND
    assert buckets.wait("ada", 1, 10) == 0


def test_who_was_not_here_for_a_while_is_forgotten_a_few_at_a_time():
    now = 0
    buckets = Buckets(lambda: now)
    for number in range(1000):
        buckets.take(f"member {number}", 2, 10)
    now = 11 * SECOND
    before = len(buckets)
    buckets.take("somebody else", 2, 10)
    assert before - len(buckets) == 1  # two are gone, one has come
    for _ in range(1000):
        buckets.take("somebody else", 2000, 10)
    assert len(buckets) == 1


def test_beyond_its_bound_it_forgets_those_who_took_none_for_longest():
    now = 0
    buckets = Buckets(lambda: now, most=100)
    for number in range(1000):
        now += 1
        buckets.take(f"member {number}", 1, 3600)
        assert len(buckets) <= 100
    assert buckets.wait("member 999", 1, 3600) > 0
    assert buckets.wait("member 0", 1, 3600) == 0


@given(st.lists(st.integers(1, 40), max_size=20), st.integers(40, 100))
def test_what_costs_more_takes_as_much_as_so_many_single_ones(costs, count):
    heavy, single = Buckets(lambda: 0), Buckets(lambda: 0)
    for cost in costs:
        heavy.take("a", count, count, cost)
        for _ in range(cost):
            single.take("a", count, count)
    assert heavy.wait("a", count, count) == single.wait("a", count, count)


def test_what_costs_more_than_there_ever_is_costs_all_of_it():
    buckets = Buckets(lambda: 0)
    assert buckets.wait("a", 10, 60, 1000) == 0
    buckets.take("a", 10, 60, 1000)
    assert buckets.wait("a", 10, 60) == 6
