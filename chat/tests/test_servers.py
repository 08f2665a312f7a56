"""Under other servers than our own the site is slower, and as correct."""

import sys

import pytest
from websockets.exceptions import InvalidStatus

from chat.tests.support.servers import Daphne

STOCK = """
import chatsite.asgi
from daphne import cli, server
cli.CommandLineInterface.server_class = server.Server
cli.CommandLineInterface.entrypoint()
"""


class StockDaphne(Daphne):
    """Daphne as it comes, without chatsite/server.py."""

    def command(self):
        return [sys.executable, "-c", STOCK, *super().command()[3:]]


@pytest.fixture
def stock(make_site, monkeypatch):
    monkeypatch.setattr("chat.tests.support.site.Daphne", StockDaphne)
    return make_site


def test_a_conversation_under_a_stock_daphne(stock, join):
    site = stock()
    ada, bob = join(site, "Ada"), join(site, "Bob", process=-1)
    nonces = [ada.posts(f"{number}") for number in range(30)]
    seqs = [ada.is_accepted(nonce) for nonce in nonces]
    bob.catches_up()
    assert [message["seq"] for message in bob.heard] == seqs
    bob.drops()
    ada.says("missed")
    assert bob.resumes()["resumed"] is True
    bob.hears("missed")


def test_handshakes_are_refused_under_a_stock_daphne_too(stock, connect):
    site = stock(CHAT_SOCKETS_PER_ADDRESS="1")
    connect(site)
    with pytest.raises(InvalidStatus) as caught:
        connect(site)
    assert caught.value.response.status_code == 403
    with pytest.raises(InvalidStatus):
        connect(site, origin="http://evil.example")
