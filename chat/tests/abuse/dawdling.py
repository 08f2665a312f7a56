"""Holding on to what costs the server something: connections, descriptors, answers."""

from functools import partial

from chat.tests.abuse.attack import Attack
from chat.tests.abuse.link import either
from chat.tests.abuse.requests import OLDER
from chat.tests.abuse.visitor import Visitor, text

PAUSE = 2.0  # seconds for a byte
# Seconds after which no real client is still at it: with headers, a body, reading an answer.
ASKING, SENDING, READING = 12.0, 22.0, 25.0
BODY = 200_000  # bytes


async def says_nothing(visitor: Visitor) -> None:
    link = await visitor.connect()
    await link.drink()


async def trickles(visitor: Visitor, begin: bytes, then: bytes) -> None:
    """Slow in the headers, the body or a chunk."""
    link = await visitor.connect()
    await link.send(visitor.request("/api/messages", "POST").partition(b"\r\n")[0] + b"\r\n")
    await link.send(b"Host: 127.0.0.1\r\n" + begin)
    await either(link.trickle(then, PAUSE), link.drink())


async def shakes_hands_slowly(visitor: Visitor) -> None:
    link = await visitor.connect()
    await link.send(b"GET /ws/chat/ HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
    await either(link.trickle(b"Host: 127.0.0.1" * 9, PAUSE), link.drink())


async def sips(visitor: Visitor, pause: int) -> None:
    link = await visitor.connect(window=4096)
    await link.send(visitor.request(OLDER))
    await link.sip(pause)


async def joins_and_does_not_read(visitor: Visitor) -> None:
    link = await visitor.shake_hands(window=4096)
    await link.send(text(type="join"))
    await link.sip(10)


LENGTH = f"Content-Length: {BODY}\r\n\r\n".encode()
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
headers = partial(trickles, begin=b"", then=b"X-" + b"x" * 999)
body = partial(trickles, begin=LENGTH, then=b"x" * 999)
chunks = partial(trickles, begin=CHUNKED, then=b"1\r\nx\r\n" * 99)
DAWDLING = [
    Attack("2,500 connections that say nothing", says_nothing, 2500, ends=5, crowd=True),
    Attack("headers, a byte every 2 s", headers, 100, ASKING, crowd=True),
    Attack("a body, a byte every 2 s", body, 50, SENDING),
    Attack("chunks, a byte every 2 s", chunks, 50, SENDING),
    Attack("a handshake, a byte every 2 s", shakes_hands_slowly, 100, ASKING),
    Attack("the older messages, never read", partial(sips, pause=99), 50, READING, full=True),
    Attack("the older messages, a byte every 5 s", partial(sips, pause=5), 50, READING, True, True),
    Attack("joins, and does not read", joins_and_does_not_read, 50, full=True),
]
