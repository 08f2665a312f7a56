"""Connections that come too often, too slowly, or don't read: real ones, of a server in a hurry."""

import contextlib
import select
import socket
import time
from http.client import HTTPConnection

import pytest
from websockets.exceptions import InvalidStatus

from chat.tests.support import eventually
from chat.tests.support.people import Person
from chat.tests.support.site import Site

pytestmark = pytest.mark.stack("embedded")  # no database has a part in it

# Daphne with its deadlines a tenth of what they are, and a policy that refuses some.
HURRIED = """
import dataclasses, sys
from daphne import cli
from chatsite.server import channel, daphne, pace, request

channel.HEADERS, channel.BODY, channel.IDLE, pace.PERIOD = 1, 2, 5, 1.0
request.BODIES_BYTES = 300_000
register = daphne.register

def admit(address, kind, path):
    return 7.2 if kind == "handshake" or path == "/often" else 0.0

def refused(address, why):
    print("refused", address, why, file=sys.stderr)

daphne.register = lambda terms: register(dataclasses.replace(terms, admit=admit, refused=refused))
cli.CommandLineInterface.entrypoint()
"""


@pytest.fixture(scope="module")
def hurried(stack):
    site = Site(stack, {}, program=("-c", HURRIED))
    yield site
    site.close()


HANDSHAKE = (
    b"GET /ws/chat/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Content-Length: 200000\r\n\r\n"
)


def connect(site, receives: int = 0) -> socket.socket:
    """A connection; `receives`: how many bytes its own machine takes in for it."""
    link = socket.socket()
    if receives:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
    link.settimeout(10)
    link.connect(("127.0.0.1", site.processes[0].port))
    return link


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def answer(site, request: bytes) -> bytes:
    """All that is said until the server closes."""
    with connect(site) as link:
        link.sendall(request)
        return b"".join(iter(lambda: link.recv(65536), b""))


def dribbles(link: socket.socket, text: bytes) -> bool:
    """Whether a byte in 50 ms arrives in the end, without an answer or an end before."""
    link.settimeout(0.05)
    for byte in text:
        with contextlib.suppress(TimeoutError):
            try:
                link.sendall(bytes([byte]))
                link.recv(1)
            except ConnectionError:
                pass
            return False
    return True


def was_told(site, *refusal: str) -> bool:
    return " ".join(("refused", *refusal)) in site.processes[0].log.read_text()


# --- deadlines -----------------------------------------------------------------------------------
def test_headers_have_a_time_in_all_however_often_a_byte_comes(hurried):
    with connect(hurried) as link:
        link.sendall(get("/healthz")[:-2])
        assert not dribbles(link, b"X: y\r\n" * 100)
    eventually(lambda: was_told(hurried, "127.0.0.1", "sends too slowly"))


def test_a_second_requests_headers_have_no_more(hurried):
    with connect(hurried) as link:
        link.sendall(get("/healthz"))
        assert link.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert not dribbles(link, get("/healthz")[:-2] + b"X: y\r\n" * 100)


def test_a_body_has_a_time_in_all(hurried):
    with connect(hurried) as link:
        link.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
        assert not dribbles(link, b"x" * 1000)


def test_who_asks_for_nothing_more_is_closed(hurried):
    with connect(hurried) as link:
        link.sendall(get("/healthz"))
        assert link.recv(65536)
        assert link.recv(65536) == b""


def test_a_long_poll_takes_its_time(hurried):
    waited = hurried.request("/api/messages?after=0&wait=3")
    assert waited.status == 200


# --- who doesn't read ----------------------------------------------------------------------------
@pytest.fixture(scope="module")
def talkative(stack):
    """A site whose answers are large."""
    site = Site(stack, {}, program=("-c", HURRIED.replace('kind == "handshake" or ', "")))
    ada = Person(site)
    ada.joins("Ada")
    for _ in range(15):
        ada.says("é" * 4000)
    ada.leaves()
    yield site
    site.close()


LARGE = "/api/messages?before=99"


@pytest.mark.parametrize("reads", [0, 1], ids=["nothing", "a byte now and then"])
def test_who_does_not_read_an_answer_is_aborted(talkative, reads):
    log, whole = talkative.processes[0].log, talkative.request(LARGE).body
    before = log.read_text().count("reads too slowly")
    with connect(talkative, receives=4096) as link:
        link.sendall(get(LARGE))

        def is_aborted() -> bool:
            if reads:
                link.recv(1)
            return log.read_text().count("reads too slowly") > before

        eventually(is_aborted)
        left = 0
        with contextlib.suppress(ConnectionResetError):
            while more := link.recv(65536):
                left += len(more)
        assert left < len(whole) / 2


def test_who_reads_slowly_gets_all_of_it(talkative):
    whole = talkative.request(LARGE).body
    with connect(talkative, receives=4096) as link:
        link.sendall(get(LARGE))
        got = b""
        while not got.endswith(whole):
            time.sleep(0.05)  # 40 KB a second
            more = link.recv(2048)
            assert more, "closed"
            got += more


def test_of_many_requests_at_once_one_is_answered_at_a_time(talkative):
    whole, process = talkative.request(LARGE), talkative.processes[0]
    before = process.memory()
    with connect(talkative, receives=4096) as link:
        link.sendall(get(LARGE) * 200)
        eventually(lambda: was_told(talkative, "127.0.0.1", "reads too slowly"))
        assert process.memory() - before < 100 * len(whole.body) // 1024


def test_requests_that_come_at_once_are_answered_in_order(talkative):
    asked = ["/healthz", LARGE, "/nowhere"] * 10
    last = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    said = answer(talkative, b"".join(map(get, asked)) + last)
    statuses = [part[:3] for part in said.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"404" if path == "/nowhere" else b"200" for path in (*asked, "/healthz")]


# --- how many ------------------------------------------------------------------------------------
def test_an_address_has_so_many_connections_and_each_that_closes_makes_room(make_site):
    site = make_site(CHAT_SOCKETS_PER_ADDRESS="1", processes=1)
    with contextlib.ExitStack() as held:
        for _ in range(64):
            held.enter_context(connect(site))
        with connect(site) as one_more:
            assert one_more.recv(65536).startswith(b"HTTP/1.1 429 ")
            assert one_more.recv(65536) == b""
    eventually(lambda: site.request("/healthz").status == 200)
    with contextlib.ExitStack() as held:
        for _ in range(60):
            held.enter_context(connect(site))
        eve = Person(site)  # a socket is one of them, and gives its place back
        eve.joins("Eve")
        eve.drops()
    eventually(lambda: site.request("/healthz").status == 200)


def test_behind_a_proxy_its_address_is_everybodys(make_site):
    site = make_site(CHAT_SOCKETS_PER_ADDRESS="1", CHAT_TRUSTED_HOPS="1", processes=1)
    with contextlib.ExitStack() as held:
        for _ in range(100):
            held.enter_context(connect(site))
        assert site.request("/healthz").status == 200


# --- before the application is asked -------------------------------------------------------------
def test_who_comes_too_often_is_told_when_to_come_again(hurried):
    refused = hurried.request("/often")
    assert (refused.status, refused.headers["retry-after"]) == (429, "8")
    assert b"try again" in refused.body
    with pytest.raises(InvalidStatus) as handshake:
        Person(hurried)
    assert handshake.value.response.status_code == 429
    assert handshake.value.response.headers["Retry-After"] == "8"
    eventually(lambda: was_told(hurried, "127.0.0.1", "too fast"))


@pytest.mark.parametrize("hosts", [b"", b"Host: a\r\nHost: b\r\n"], ids=["none", "two"])
def test_a_request_names_one_host(hurried, hosts):
    assert answer(hurried, b"GET / HTTP/1.1\r\n" + hosts + b"\r\n").startswith(b"HTTP/1.1 400 ")


def test_a_probe_in_http_1_0_needs_none(hurried):
    said = answer(hurried, b"GET /healthz HTTP/1.0\r\n\r\n")
    assert said.split(b" ")[1] == b"200"


def test_a_body_in_very_many_pieces_is_refused(hurried):
    start = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    said = answer(hurried, start + b"1\r\nx\r\n" * 1200 + b"0\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 413 ")


def test_bodies_have_a_bound_in_all_and_each_that_ends_makes_room(talkative):
    def begins_a_body(link: socket.socket) -> None:
        start = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200001\r\n\r\n"
        link.sendall(start + b"x" * 200_000)

    with connect(talkative) as one, connect(talkative) as two:
        begins_a_body(one)
        begins_a_body(two)
        refused = [link for link in (one, two) if link in select.select([one, two], [], [], 10)[0]]
        assert [link.recv(65536)[:13] for link in refused] == [b"HTTP/1.1 503 "]
    for _ in range(3):  # a handshake has none, but may say that it has
        assert answer(talkative, HANDSHAKE + b"x" * 200_000).startswith(b"HTTP/1.1 400 ")
    for _ in range(3):
        said = talkative.request("/healthz", data=b"x" * 200_000, method="POST")
        assert said.status == 405


def test_who_closes_one_half_is_closed(hurried):
    with connect(hurried) as link:
        link.shutdown(socket.SHUT_WR)
        assert link.recv(1) == b""


def test_a_connection_that_was_refused_leaves_the_next_as_it_was(hurried):
    link = HTTPConnection("127.0.0.1", hurried.processes[0].port, timeout=10)
    for _ in range(3):
        link.request("GET", "/often")
        assert link.getresponse().read()
        link.request("GET", "/healthz")
        assert link.getresponse().read() == b"ok\n"
