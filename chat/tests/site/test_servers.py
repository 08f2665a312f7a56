"""Under other servers than our own the site is slower, and as correct; several share a port."""

import asyncio
import json
import socket
import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.asyncio.client import connect as connect_to
from websockets.asyncio.client import unix_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from chat.tests.support import eventually
from chat.tests.support.servers import Daphne, free_port

STOCK = """
import chatsite.asgi
from daphne import cli, server
cli.CommandLineInterface.server_class = server.Server
cli.CommandLineInterface.entrypoint()
"""


class StockDaphne(Daphne):
    """Daphne as it comes, without chatsite/server/."""

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


class Uvicorn(Daphne):
    """Another ASGI server altogether. It speaks lifespan, and says no `bye`."""

    def command(self):
        options = ("--host", "127.0.0.1", "--port", str(self.port), "--log-level", "warning")
        return [sys.executable, "-m", "uvicorn", *options, "chatsite.asgi:application"]


@pytest.mark.stack("embedded")
def test_a_conversation_under_uvicorn_outlives_a_restart(make_site, join, connect, monkeypatch):
    monkeypatch.setattr("chat.tests.support.site.Daphne", Uvicorn)
    site = make_site()
    ada, bob = join(site, "Ada", cookie=site.cookie()), join(site, "Bob")
    ada.says("hello")
    bob.hears("hello")
    with pytest.raises(InvalidStatus) as caught:
        connect(site, origin="http://evil.example")
    assert caught.value.response.status_code == 403
    unanswered = {f"{number}": ada.posts(f"{number}") for number in range(30)}
    site.stop()
    site.start()
    ada.resumes()
    for text, nonce in unanswered.items():
        ada.is_accepted(ada.posts(text, nonce))
    ada.catches_up()
    bob.resumes()
    bob.catches_up()
    assert [message["text"] for message in site.messages()] == ["hello", *unanswered]
    assert [message["text"] for message in bob.heard] == list(unanswered)


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


# --- other ways in -------------------------------------------------------------------------------
def certificate(folder: Path) -> Path:
    """A key and a certificate of 127.0.0.1 that it signed itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    encoding = serialization.Encoding.PEM
    file = folder / "both.pem"
    file.write_bytes(
        made.sign(key, hashes.SHA256()).public_bytes(encoding)
        + key.private_bytes(
            encoding,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    return file


def over_unix(folder: Path, port: int):
    path = folder / "chat.sock"
    return ["-u", str(path)], lambda: unix_connect(str(path), "ws://127.0.0.1/ws/chat/", **PLAIN)


def over_tls(folder: Path, port: int):
    file, trusting = certificate(folder), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    endpoint = f"ssl:{port}:privateKey={file}:certKey={file}:interface=127.0.0.1"
    url = f"wss://127.0.0.1:{port}/ws/chat/"
    return ["-e", endpoint], lambda: connect_to(url, ssl=trusting, **PLAIN)


PLAIN = {"compression": None, "proxy": None, "max_size": None, "max_queue": None}


@pytest.mark.stack("embedded")
@pytest.mark.parametrize("way", [over_unix, over_tls])
def test_a_conversation_in_long_messages(make_site, tmp_path, way):
    options, connects = way(tmp_path, free_port())
    make_site(options=options)
    asyncio.run(conversation(connects))


# Not the client with a thread: a TLS socket that one thread reads and another writes may hang
# (https://github.com/python/cpython/issues/143756).
async def conversation(connects):
    async def gets(socket, kind):
        async with asyncio.timeout(10):
            while (frame := json.loads(await socket.recv()))["type"] != kind:
                pass
        return frame

    async with connects() as ada, connects() as eve:
        for socket, name in ((ada, "Ada"), (eve, None)):
            await socket.send(json.dumps({"type": "join", "name": name}))
            await gets(socket, "messages")
        for number in range(200):
            post = {"type": "post", "nonce": f"nonce-{number:04}", "text": "x" * 4000}
            await ada.send(json.dumps(post))  # more than it reads at once
        for number in range(200):
            assert (await gets(ada, "accepted"))["seq"] == number + 1
        heard = 0
        while heard < 200:
            frame = await gets(eve, "messages")
            assert frame["from"] == heard + 1
            heard = frame["to"]
