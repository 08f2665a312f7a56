"""How many new names one address may take, and who never meets that."""

import pytest
from limits import parse

from chat.policy.names import NameLimiter

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


def take(limiter: NameLimiter, address: str, count: int) -> int:
    """How many of so many new names the address gets."""
    for taken in range(count):
        if limiter.reserve(address):
            return taken
    return count


def test_a_school_of_two_hundred_can_take_two_names_each_by_default():
    assert take(NameLimiter(), "192.0.2.1", 1000) == 400


def test_addresses_of_one_ipv6_network_are_one_and_others_are_others(settings):
    settings.CHAT_NAME_RATE = parse("3/day")
    limiter = NameLimiter()
    assert take(limiter, "2001:db8::1", 5) == 3
    assert take(limiter, "2001:db8::2", 5) == 0
    assert take(limiter, "2001:db8:0:1::1", 5) == 3
    assert take(limiter, "192.0.2.1", 5) == 3


def test_a_refusal_says_when_to_ask_again(settings):
    settings.CHAT_NAME_RATE = parse("24/day")
    limiter = NameLimiter()
    take(limiter, "192.0.2.1", 24)
    refusal = limiter.reserve("192.0.2.1")
    assert (refusal.code, refusal.retry_after) == ("rate_limited", 3600)


def test_what_was_not_granted_is_given_back_and_what_was_granted_late_counts(settings):
    settings.CHAT_NAME_RATE = parse("3/day")
    limiter = NameLimiter()
    assert take(limiter, "192.0.2.1", 5) == 3
    limiter.give_back("192.0.2.1")
    assert take(limiter, "192.0.2.1", 5) == 1
    limiter.took("192.0.2.1")
    limiter.give_back("192.0.2.1")
    assert take(limiter, "192.0.2.1", 5) == 0


def test_without_a_rate_there_is_no_limit(settings):
    settings.CHAT_NAME_RATE = None
    assert take(NameLimiter(), "192.0.2.1", 1000) == 1000


def test_where_all_limits_are_off_this_one_is(settings):
    settings.CHAT_LIMITS = False
    assert take(NameLimiter(), "192.0.2.1", 1000) == 1000
