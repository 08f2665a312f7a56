"""Whose request it is, behind proxies."""

import pytest

from chatsite.server.forwarded import client_address

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough

PEER = "10.0.0.1"


@pytest.mark.parametrize(
    ("forwarded", "hops", "client"),
    [
        ([], 0, PEER),
        (["203.0.113.9"], 0, PEER),  # nobody is trusted
        (["203.0.113.9"], 1, "203.0.113.9"),
        (["1.1.1.1, 203.0.113.9"], 1, "203.0.113.9"),  # the left one is forged
        (["1.1.1.1", "203.0.113.9"], 1, "203.0.113.9"),  # in a header of its own, too
        (["203.0.113.9, 10.9.9.9"], 2, "203.0.113.9"),
        (["203.0.113.9"], 2, PEER),  # who came past the outer proxy
        ([], 1, PEER),
        (["nonsense"], 1, PEER),
        (["203.0.113.9:5555"], 1, "203.0.113.9"),
        (["[2001:db8::1]:5555"], 1, "2001:db8::1"),
        (["2001:DB8::1"], 1, "2001:db8::1"),
        (["::ffff:203.0.113.9"], 1, "203.0.113.9"),
    ],
)
def test_the_address_is_what_the_outermost_trusted_proxy_saw(forwarded, hops, client):
    assert client_address(PEER, forwarded, hops) == client


def test_a_unix_socket_has_no_address():
    assert client_address(None, [], 0) is None
    assert client_address("/run/chat.sock", [], 0) is None
