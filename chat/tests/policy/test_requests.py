"""Requests that one address may send."""

import pytest
from limits import parse

from chat.policy.requests import FILES, Requests

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


def admitted(requests: Requests, kind: str, path: str, address: str = "192.0.2.1") -> int:
    """How many pass in a row."""
    passed = 0
    while not requests.admit(address, kind, path):
        passed += 1
    return passed


def test_pages_handshakes_and_static_files_are_counted_apart(settings):
    settings.CHAT_REQUEST_RATE, settings.CHAT_HANDSHAKE_RATE = parse("5/hour"), parse("3/hour")
    requests = Requests()
    assert admitted(requests, "request", "/") == 5
    assert admitted(requests, "request", "/static/chat/main.js") == 5 * FILES
    assert admitted(requests, "handshake", "/ws/chat/") == 3
    assert admitted(requests, "request", "/", "198.51.100.1") == 5


def test_who_is_refused_hears_when_to_come_again(settings):
    settings.CHAT_REQUEST_RATE = parse("1/10 seconds")
    requests = Requests()
    assert requests.admit("192.0.2.1", "request", "/") == 0
    assert 0 < requests.admit("192.0.2.1", "request", "/") <= 10


def test_by_default_a_school_loads_its_pages_at_once_and_half_of_them_again():
    requests = Requests()
    for _ in range(300):
        assert not requests.admit("192.0.2.1", "request", "/")
        for _ in range(20):
            assert not requests.admit("192.0.2.1", "request", "/static/chat/main.js")
    for _ in range(300):
        assert not requests.admit("192.0.2.1", "handshake", "/ws/chat/")


def test_without_limits_all_pass(settings):
    settings.CHAT_LIMITS, settings.CHAT_REQUEST_RATE = False, parse("1/hour")
    assert not any(Requests().admit("192.0.2.1", "request", "/") for _ in range(100))
