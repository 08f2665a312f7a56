"""Below the protocol: frames that say nothing, and those that are none."""

import zlib
from functools import partial

from chat.tests.abuse.attack import Attack
from chat.tests.abuse.link import PING, PONG, TEXT, either, frame
from chat.tests.abuse.visitor import Visitor, text

MANY = 10_000  # frames in one write
PINGS, PONGS = frame(PING) * MANY, frame(PONG) * MANY
FRAGMENTS = frame(TEXT, last=False) + frame(0, last=False) * MANY
CRUMBS = (frame(TEXT, b" ", last=False) + frame(0, b" ", last=False) * 98 + frame(0)) * 100
GARBAGE = frame(TEXT, b"garbage") * MANY
ALIVE = text(type="ping", seq=0) * 1000
# A heap of blanks, as permessage-deflate packs it.
DEFLATED = frame(TEXT, zlib.compress(b" " * 10_000_000, wbits=-15)[:-4], flags=4)
# Of 4 EiB, which begins like any other.
HUGE = b"\x81\xff" + (2**62).to_bytes(8) + bytes(4) + bytes(65_536)


async def pours(visitor: Visitor, data: bytes, joined: bool = False) -> None:
    link = await (visitor.join() if joined else visitor.shake_hands())
    await either(link.keep_sending(data), link.drink())


async def pours_unread(visitor: Visitor, data: bytes) -> None:
    """Each asks for an answer that is never read."""
    link = await visitor.shake_hands(window=4096)
    await link.keep_sending(data)


async def compresses(visitor: Visitor) -> None:
    offer = "permessage-deflate; client_max_window_bits"
    link = await visitor.shake_hands(Sec_WebSocket_Extensions=offer)
    await either(link.keep_sending(DEFLATED), link.drink())


FRAMES = [
    Attack("empty pings, one socket", partial(pours, data=PINGS), ends=12),
    Attack("empty pings, 5 sockets", partial(pours, data=PINGS), 5, ends=12),
    Attack("empty pings, 50 sockets", partial(pours, data=PINGS), 50, ends=12, crowd=True),
    Attack("empty pings, joined", partial(pours, data=PINGS, joined=True), 5, ends=12),
    Attack("empty pings, answers unread", partial(pours_unread, data=PINGS), 20, ends=12),
    Attack("empty pongs, 50 sockets", partial(pours, data=PONGS), 50, ends=12),
    Attack("empty fragments, one socket", partial(pours, data=FRAGMENTS), ends=12),
    Attack("empty fragments, 50 sockets", partial(pours, data=FRAGMENTS), 50, ends=12, crowd=True),
    Attack("messages in crumbs, joined", partial(pours, data=CRUMBS, joined=True), 20, ends=12),
    Attack("text garbage, joined", partial(pours, data=GARBAGE, joined=True), 20, ends=12),
    Attack("the protocol's pings", partial(pours, data=ALIVE, joined=True), 20, ends=12),
    Attack("a frame that claims to be huge", partial(pours, data=HUGE), 20, ends=2),
    Attack("compression that nobody offered", compresses, 20, ends=2),
]
