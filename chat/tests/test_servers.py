"""Under other servers than our own the site is slower, and as correct; several share a port."""

import socket
import sys

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from chat.tests.support import eventually
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


# --- several processes on one socket -------------------------------------------------------------
@pytest.fixture
def shared(make_site, monkeypatch):
    """A site whose processes accept from one listening socket, as supervisor hands it to them."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=100)

    class Sharing(Daphne):
        stdin = listening.fileno()

        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            self.port = listening.getsockname()[1]
            self.url = f"http://127.0.0.1:{self.port}"
            self.ws_url = f"ws://127.0.0.1:{self.port}/ws/chat/"

        def command(self):
            program = [sys.executable, *self.program, "-v", "0", "--fd", "0"]
            return [*program, "chatsite.asgi:application"]

    monkeypatch.setattr("chat.tests.support.site.Daphne", Sharing)
    yield make_site()
    listening.close()


@pytest.mark.stack("scaled")
def test_processes_that_share_a_port_are_one_room_and_one_may_restart(shared, join):
    people = [join(shared, f"Person {number}") for number in range(20)]
    people[0].says("hello")
    for person in people:
        person.hears("hello")
    leaving = shared.processes[0]
    leaving.stop()
    eventually(lambda: shared.request("/healthz").status == 200)
    for person in people:
        try:
            person.catches_up()
        except (AssertionError, ConnectionClosed):
            assert person.is_closed() == 4012
            person.resumes()
    people[0].says("still here")
    for person in people:
        person.hears("still here")
    leaving.start()
