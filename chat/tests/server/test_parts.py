"""The parts of our Daphne by themselves: what comes in, what goes out, what they know."""

import ast
import asyncio
import contextlib
import json
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.testing import StringTransport
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side

from chat.tests.support.servers import ROOT
from chatsite.server import reading
from chatsite.server.bucket import Bucket
from chatsite.server.concurrency import Concurrency
from chatsite.server.door import Door
from chatsite.server.handshake import accepted, is_valid
from chatsite.server.inward import (
    CONTROLS,
    CONTROLS_PER_SECOND,
    FRAGMENTS,
    SLICE,
    Flood,
    Inward,
)
from chatsite.server.reading import IN_A_ROW, UNREAD_FRAMES
from chatsite.server.reading import UNREAD_BYTES as WAITING_BYTES
from chatsite.server.terms import Goodbye, Terms
from chatsite.server.transport import PIECE, Direct
from chatsite.server.websocket import WebSocket
from chatsite.server.writing import BEHIND_BYTES, STALLED, UNREAD_BYTES

pytestmark = pytest.mark.stack("embedded")  # no database has a part in it

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="  # of RFC 6455, 1.3
HANDSHAKE = {
    b"upgrade": b"websocket",
    b"connection": b"Upgrade",
    b"sec-websocket-key": KEY,
    b"sec-websocket-version": b"13",
}
SCOPE = {"type": "websocket", "path": "/ws/", "client": ["192.168.1.1", 1]}
PING = Frame(Opcode.PING, b"").serialize(mask=True)


def framed(payload: str | bytes, opcode: Opcode = Opcode.TEXT, fin: bool = True) -> bytes:
    data = payload.encode() if isinstance(payload, str) else payload
    return Frame(opcode, data, fin).serialize(mask=True)


def test_the_server_knows_nothing_of_the_chat():
    for file in (ROOT / "chatsite/server").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in getattr(node, "names", ())]
            if isinstance(node, ast.ImportFrom):
                names = [node.module]
            elif not isinstance(node, ast.Import):
                continue
            assert not [name for name in names if name.split(".")[0] == "chat"], file.name


# --- handshakes ----------------------------------------------------------------------------------
def test_a_handshake_is_answered_as_the_rfc_has_it():
    assert is_valid(b"GET", list(HANDSHAKE.items()))
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in accepted(KEY)


@pytest.mark.parametrize(
    ("name", "value", "valid"),
    [
        (b"upgrade", b"WebSocket", True),
        (b"upgrade", b"websocket, h2c", False),
        (b"connection", b"keep-alive , upgrade", True),
        (b"connection", b"Upgrade,keep-alive", True),
        (b"connection", b"keep-alive", False),
        (b"connection", b"upgrades", False),
        (b"sec-websocket-key", b"", False),
        (b"sec-websocket-key", b"c2hvcnQ=", False),
        (b"sec-websocket-key", KEY[:-1], False),
        (b"sec-websocket-key", KEY + KEY, False),
        (b"sec-websocket-key", b"*" + KEY[1:], False),
        (b"sec-websocket-version", b"8", False),
        (b"sec-websocket-protocol", b"chat, superchat", True),
        (b"sec-websocket-protocol", b",chat ,, superchat,", True),
        (b"sec-websocket-protocol", b"chat superchat", False),
        (b"sec-websocket-protocol", b"\xe9", False),
        (b"cookie", b"a=\xc3\xa9", True),
        (b"cookie", b"a\x1cb", False),
        (b"cookie", b"a\x85b", False),
    ],
)
def test_a_handshake_has_what_the_rfc_asks_for(name, value, valid):
    assert is_valid(b"GET", list({**HANDSHAKE, name: value}.items())) is valid


@pytest.mark.parametrize("missing", HANDSHAKE)
def test_a_handshake_lacks_nothing_and_says_nothing_twice(missing):
    headers = list(HANDSHAKE.items())
    assert not is_valid(b"GET", [pair for pair in headers if pair[0] != missing])
    if missing != b"connection":
        assert not is_valid(b"GET", [*headers, (missing, HANDSHAKE[missing])])
    assert not is_valid(b"POST", headers)


# --- inward --------------------------------------------------------------------------------------
def inward() -> Inward:
    return Inward(Protocol(Side.SERVER, max_size=16 * 1024))


def taken(coming: Inward) -> list[Frame]:
    return list(iter(coming.take, None))


@given(st.lists(st.text(max_size=300), max_size=8), st.data())
def test_texts_are_the_same_however_they_are_cut(texts, data):
    wire = b"".join(map(framed, texts))
    coming, read = inward(), []
    while wire:
        size = data.draw(st.integers(1, len(wire)))
        coming.put(wire[:size])
        wire = wire[size:]
        read += [coming.message(frame)["text"] for frame in taken(coming)]
    assert read == texts
    assert not coming


def test_what_comes_at_once_is_looked_at_a_slice_at_a_time():
    coming = inward()
    coming.put(PING * 10_000)
    assert coming.take().opcode is Opcode.PING
    assert coming.unread == 10_000 * len(PING) - SLICE
    assert len(taken(coming)) == 9_999


def test_a_message_comes_in_a_few_fragments_at_most():
    coming = inward()
    coming.put(framed("é".encode()[:1], fin=False))
    coming.put(framed("", Opcode.CONT, fin=False) * (FRAGMENTS - 2))
    coming.put(framed("é".encode()[1:], Opcode.CONT))
    messages = [coming.message(frame) for frame in taken(coming)]
    assert messages.pop() == {"type": "websocket.receive", "text": "é"}
    assert messages == [None] * (FRAGMENTS - 1)
    coming.put(framed("", fin=False) + framed("", Opcode.CONT, fin=False) * FRAGMENTS)
    *fragments, one_more = taken(coming)
    assert [coming.message(frame) for frame in fragments] == [None] * FRAGMENTS
    with pytest.raises(Flood):
        coming.message(one_more)


def test_pings_may_come_in_a_burst_and_then_at_a_pace():
    coming = inward()
    for _ in range(CONTROLS):
        coming.control(1000.0)
    for second in range(1, 60):
        for _ in range(int(CONTROLS_PER_SECOND)):
            coming.control(1000.0 + second)
    with pytest.raises(Flood):
        coming.control(1059.0)


# --- outward -------------------------------------------------------------------------------------
class Transport(StringTransport):
    """Twisted's, with a socket whose other end nobody reads until a test does."""

    def __init__(self):
        super().__init__()
        self.handle, self.other = socket.socketpair()
        self.handle.setblocking(False)
        self.other.setblocking(False)
        self.aborted = False
        self.registerProducer(self, streaming=True)  # as the HTTP channel has done

    def getHandle(self):
        return self.handle

    def fills_up(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                self.handle.send(b"x" * 4096)

    def heard(self) -> bytes:
        with contextlib.suppress(BlockingIOError):
            return self.other.recv(100_000)
        return b""

    def abortConnection(self):
        self.aborted = True

    def loseWriteConnection(self):
        """As when all is sent already."""


@pytest.fixture
def transport():
    made = Transport()
    yield made
    made.handle.close()
    made.other.close()


def test_what_the_system_takes_goes_out_at_once(transport):
    out = Direct(transport)
    assert out.write(b"hello")
    assert transport.heard() == b"hello"
    assert (out.unsent, transport.value()) == (0, b"")


async def test_what_it_does_not_take_waits_in_order_and_is_counted(transport):
    out = Direct(transport)
    transport.fills_up()
    pieces = [bytes([number]) * 50_000 for number in range(10)]
    for number, piece in enumerate(pieces, 1):
        assert not out.write(piece)
        assert out.unsent == number * 50_000
    waiting = asyncio.create_task(out.flushed())
    while transport.value() != b"".join(pieces):
        assert len(transport.value()) - (500_000 - out.unsent) <= PIECE + 50_000, "a piece at most"
        await asyncio.sleep(0)
        assert waiting.done() is (out.unsent <= PIECE)
        out.resumeProducing()  # as the transport does when it has sent what it had
    out.resumeProducing()
    assert out.unsent == 0
    await waiting


async def test_who_waits_for_a_socket_that_is_closed_waits_no_more(transport):
    out = Direct(transport)
    transport.fills_up()
    out.write(b"x" * 500_000)
    waiting = asyncio.create_task(out.flushed())
    await asyncio.sleep(0)
    out.stopProducing()
    await waiting
    assert out.unsent == 0


def test_a_connection_is_closed_when_all_is_sent(transport):
    out = Direct(transport)
    transport.fills_up()
    out.write(b"the last words")
    out.finish()
    assert not transport.disconnecting
    out.resumeProducing()
    assert transport.disconnecting
    assert transport.value() == b"the last words"


# --- the door ------------------------------------------------------------------------------------
class Guest:
    """A connection from an address."""

    def __init__(self, address: str):
        kind = IPv6Address if ":" in address else IPv4Address
        self._peer = kind("TCP", address, 1)
        self._socket = socket.socket()

    def getPeer(self):
        return self._peer

    def getHandle(self):
        return self._socket


@pytest.fixture
def make_door():
    """Factory: `make_door(connections_per_address=2)`."""

    def make(**bounds) -> Door:
        goodbye = Goodbye("", 4000)
        return Door(Terms(1, "", goodbye, goodbye, *[None] * 4, **bounds))

    return make


def enter(door: Door, *addresses: str) -> list[int]:
    """With what each was refused; 0: it was not."""
    return [door.enter(Guest(address)) or 0 for address in addresses]


@pytest.mark.parametrize(
    ("network", "of_it"),
    [
        ("one address", ["192.0.2.1"] * 2),
        ("as IPv6 writes it", ["192.0.2.1", "::ffff:192.0.2.1"]),
        ("a /64", ["2001:db8::1", "2001:db8::ffff:2"]),
        ("a /56", [f"2001:db8:0:{n}::1" for n in range(4)]),
        ("a /48", [f"2001:db8:0:{n}00::1" for n in range(8)]),
    ],
)
def test_a_network_has_so_many_connections(make_door, network, of_it):
    door = make_door(connections_per_address=2)
    assert enter(door, *of_it) == [0] * len(of_it)
    others = ["192.0.2.2", "2001:db8:1::1"]
    assert enter(door, of_it[0], *others) == [429, 0, 0]


def test_who_leaves_makes_room_and_does_so_once(make_door):
    door = make_door(connections_per_address=1)
    one, two = Guest("192.0.2.1"), Guest("192.0.2.1")
    assert door.enter(one) is None
    assert door.enter(two) == 429
    door.leave(two)  # it was never in
    assert enter(door, "192.0.2.1") == [429]
    door.leave(one)
    door.leave(one)
    assert enter(door, "192.0.2.1", "192.0.2.1") == [0, 429]


def test_a_server_that_is_full_is_no_fault_of_an_address(make_door):
    assert enter(make_door(connections=2), "192.0.2.1", "192.0.2.2", "192.0.2.3") == [0, 0, 503]


def test_behind_a_proxy_no_address_is_bounded(make_door):
    door = make_door(connections_per_address=1, trusted_hops=1)
    assert enter(door, *["192.0.2.1"] * 3) == [0] * 3


def test_without_bounds_all_come_in(make_door):
    assert enter(make_door(), *["192.0.2.1"] * 3) == [0] * 3


# --- a socket ------------------------------------------------------------------------------------
class Server:
    """What a socket asks of its server."""

    root_path, ping_interval, ping_timeout, websocket_connect_timeout = "", 25, 30, 5
    goodbyes = Goodbye("slow", 4008), Goodbye("flood", 4029)

    def __init__(self):
        self.queue = asyncio.Queue()
        self.refusals = []
        tell = lambda *refusal: self.refusals.append(refusal)  # noqa: E731
        self.terms = Terms(16 * 1024, "send_queue", *self.goodbyes, *[None] * 4, refused=tell)
        self.door, self.concurrency = Door(self.terms), Concurrency(self.terms)

    def create_application(self, protocol, scope):
        self.scope = scope
        return self.queue

    def protocol_connected(self, protocol):
        self.connected = True

    def protocol_disconnected(self, protocol):
        self.connected = False

    def log_action(self, *what):
        pass


@pytest.fixture
async def shaken(transport):
    """A socket whose handshake has come and is not answered."""
    made = WebSocket(Server(), dict(SCOPE), accepted(KEY))
    made.makeConnection(transport)
    assert made.server.queue.get_nowait() == {"type": "websocket.connect"}
    yield made
    made.connectionLost(None)
    assert not made.server.connected


@pytest.fixture
def opened(shaken, transport):
    shaken.handle_reply({"type": "websocket.accept"})
    assert transport.heard().startswith(b"HTTP/1.1 101 ")
    return shaken


async def its_turn() -> None:
    """Once round the loop."""
    await asyncio.sleep(0)


@pytest.mark.parametrize("frame", [framed(""), framed("x")], ids=["empty", "short"])
async def test_ten_thousand_frames_that_come_at_once_let_others_have_their_turn(
    opened, transport, frame
):
    opened.dataReceived(frame * 10_000)
    assert transport.producerState == "paused"
    queue, taken = opened.server.queue, [opened.server.queue.qsize()]
    receive = opened.counted(queue.get)
    while sum(taken) < 10_000:
        before = sum(taken)
        while not queue.empty():
            await receive()
        await its_turn()
        taken.append(queue.qsize())
        assert sum(taken) > before
    assert max(taken) <= IN_A_ROW
    for _ in range(10):  # the last slice
        await its_turn()
    assert transport.producerState == "producing"


FLOODS = {
    "pings": PING,
    "pongs": Frame(Opcode.PONG, b"").serialize(mask=True),
    "fragments": framed("", Opcode.CONT, fin=False),
}


@pytest.mark.parametrize("kind", FLOODS)
async def test_a_flood_below_the_protocol_is_told_so_and_not_read_any_more(opened, transport, kind):
    begun = framed("", fin=False) if kind == "fragments" else b""
    opened.dataReceived(begun + FLOODS[kind] * 10_000)
    said = transport.heard()
    assert Frame(Opcode.TEXT, b"flood").serialize(mask=False) in said
    assert said.endswith(Frame(Opcode.CLOSE, (4029).to_bytes(2)).serialize(mask=False))
    assert transport.producerState == "paused"
    assert not opened.inward
    opened.dataReceived(FLOODS[kind] * 10_000)  # was read before
    assert transport.heard() == b""
    assert opened.server.refusals == [("192.168.1.1", "floods")]


async def test_a_flood_that_says_goodbye_is_no_error(opened, transport):
    close = framed((1000).to_bytes(2), Opcode.CLOSE)
    opened.dataReceived(PING * 100 + close)
    assert Frame(Opcode.TEXT, b"flood").serialize(mask=False) in transport.heard()
    assert transport.producerState == "paused"


async def test_what_comes_before_the_answer_waits_and_is_bounded(shaken, transport):
    shaken.dataReceived(framed("early"))
    assert shaken.server.queue.empty()
    shaken.handle_reply({"type": "websocket.accept"})
    assert shaken.server.queue.get_nowait()["text"] == "early"


async def test_who_sends_much_before_the_answer_is_cut(shaken, transport):
    for _ in range(20):
        shaken.dataReceived(framed("x" * 16_000))
    assert transport.aborted


async def test_a_socket_is_not_read_while_the_application_is_behind(opened, transport):
    texts = [str(number) for number in range(3 * UNREAD_FRAMES)]
    opened.dataReceived(b"".join(map(framed, texts)))
    receive, read = opened.counted(opened.server.queue.get), []
    for _ in range(10):
        await its_turn()
    assert opened.server.queue.qsize() == UNREAD_FRAMES
    assert transport.producerState == "paused"
    while len(read) < len(texts):
        read.append((await receive())["text"])
    assert read == texts
    await its_turn()
    assert transport.producerState == "producing"


async def test_a_few_large_texts_are_much_too(opened, transport):
    large = framed("x" * 16_000)
    for _ in range(2 * WAITING_BYTES // len(large)):
        opened.dataReceived(large)
    assert opened.server.queue.qsize() == -(-WAITING_BYTES // 16_000)
    assert transport.producerState == "paused"


async def test_texts_are_taken_at_a_pace_and_who_keeps_ahead_of_it_floods(
    opened, transport, monkeypatch
):
    monkeypatch.setattr(reading, "FLOOD", 0.2)
    opened.pace = Bucket(2 * UNREAD_FRAMES, 100.0)
    receive, read = opened.counted(opened.server.queue.get), []

    async def take() -> None:
        while True:
            read.append(await receive())

    taking = asyncio.create_task(take())
    async with asyncio.timeout(10):
        while not (said := transport.heard()):
            if transport.producerState == "producing":
                opened.dataReceived(framed("garbage") * 10)
            await asyncio.sleep(0.001)
    taking.cancel()
    assert Frame(Opcode.TEXT, b"flood").serialize(mask=False) in said
    assert len(read) >= 2 * UNREAD_FRAMES


async def test_who_has_few_unanswered_is_no_flood_however_long(opened, transport, monkeypatch):
    monkeypatch.setattr(reading, "FLOOD", 0.0)
    opened.pace = Bucket(1, 1000.0)
    receive = opened.counted(opened.server.queue.get)
    opened.dataReceived(framed("a post") * 32)
    for _ in range(200):
        await receive()
        opened.dataReceived(framed("a post"))
    assert transport.heard() == b""


async def test_what_a_closed_socket_has_sent_is_taken_at_once(opened):
    opened.pace = Bucket(1, 0.001)
    opened.dataReceived(framed("the last words") * 30)
    receive = opened.counted(opened.server.queue.get)
    opened.handle_reply({"type": "websocket.close", "code": 1000})
    async with asyncio.timeout(10):
        for _ in range(30):
            await receive()


async def test_frames_that_came_before_a_close_are_not_lost(opened, transport):
    texts = [json.dumps(number) for number in range(UNREAD_FRAMES + 20)]
    close = framed((1000).to_bytes(2), Opcode.CLOSE)
    opened.dataReceived(b"".join(map(framed, texts)) + close)
    receive = opened.counted(opened.server.queue.get)
    assert [(await receive())["text"] for _ in texts] == texts
    await its_turn()
    assert transport.disconnecting


async def test_an_application_that_never_answers_is_answered_for(shaken, transport):
    shaken.server.websocket_connect_timeout = -1.0
    shaken.check_timeouts()
    assert transport.heard().startswith(b"HTTP/1.1 403 ")
    assert transport.disconnecting


async def test_an_application_that_breaks_is_answered_for(shaken, transport):
    shaken.handle_exception(ValueError())
    assert transport.heard().startswith(b"HTTP/1.1 500 ")


async def test_who_does_not_answer_a_ping_is_cut(opened, transport):
    opened.server.ping_interval = -1.0
    opened.check_timeouts()
    assert transport.heard() == Frame(Opcode.PING, b"").serialize(mask=False)
    opened.check_timeouts()
    assert not transport.aborted
    opened.server.ping_timeout = -1.0
    opened.check_timeouts()
    assert transport.aborted


# --- readers that are behind ---------------------------------------------------------------------
async def test_the_application_is_told_when_a_reader_is_behind_and_not_before(opened, transport):
    transport.fills_up()
    assert opened.write("x" * (BEHIND_BYTES // 2))
    assert not opened.write("y" * BEHIND_BYTES)
    assert opened.server.refusals == [], "it has time"


async def test_a_reader_of_whom_nothing_leaves_for_long_is_closed_as_slow(opened, transport):
    transport.fills_up()
    opened.write("x" * 1000)
    opened.check_timeouts()
    assert opened.server.refusals == []
    opened._outward.moved -= STALLED + 1
    opened.check_timeouts()
    assert opened.server.refusals == [("192.168.1.1", "doesn't read")]


async def test_a_reader_to_whom_nothing_is_said_is_not_slow(opened):
    opened._outward.moved -= 10 * STALLED
    opened.check_timeouts()
    assert opened.server.refusals == []


async def test_more_answers_than_a_client_reads_are_bounded(opened, transport):
    transport.fills_up()
    for _ in range(20):
        opened.write("x" * (UNREAD_BYTES // 16))
    assert opened.server.refusals == [("192.168.1.1", "doesn't read")]
