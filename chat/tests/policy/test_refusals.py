"""What the log says of those who are refused."""

import pytest

from chat.policy.refusals import KEYS, LINES, Refusals

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


def test_an_address_and_a_reason_are_one_line_however_often_they_are_refused():
    refusals = Refusals()
    for host in range(412):
        refusals.note(f"2001:db8::{host:x}", "too fast")
    refusals.note("192.0.2.7", "too many sockets")
    assert refusals.lines() == [
        "refused 412 of 2001:db8::/64: too fast",
        "refused 1 of 192.0.2.7/32: too many sockets",
    ]
    assert refusals.lines() == []
    assert refusals.totals == {"too fast": 412, "too many sockets": 1}


def test_a_hundred_thousand_addresses_are_a_few_lines_and_bounded_memory():
    refusals = Refusals()
    for number in range(KEYS + 500):
        refusals.note(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", "too fast")
    assert len(refusals._counts) == KEYS + 1
    lines = refusals.lines()
    assert len(lines) == LINES + 1
    assert lines[0] == "refused 500 of others: too fast"
    assert lines[-1] == f"refused {KEYS - LINES + 1} of {KEYS - LINES + 1} more"
