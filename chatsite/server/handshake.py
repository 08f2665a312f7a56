"""The request for a WebSocket and the answer to it, by RFC 6455, 4.2. Pure.

Twisted has read the request already. To have `websockets` read it once more and make the answer
costs a sixth of all that a join does.
"""

import base64
import hashlib
import re
from collections.abc import Sequence

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# What the headers have to be that it is made of; one that comes twice is one list. The last may be
# missing: no subprotocol is agreed on, nor any extension.
PATTERNS = {
    b"upgrade": re.compile(rb"websocket", re.IGNORECASE),
    b"connection": re.compile(rb"(.*,)?[ \t]*upgrade[ \t]*(,.*)?", re.IGNORECASE | re.DOTALL),
    b"sec-websocket-version": re.compile(rb"13"),
    b"sec-websocket-key": re.compile(rb"[A-Za-z0-9+/]{22}=="),  # 16 bytes
    b"sec-websocket-protocol": re.compile(
        rb"[ \t,]*(%b([ \t]*,[ \t,]*%b)*[ \t,]*)?" % (TOKEN, TOKEN)
    ),
}
# Of any header (RFC 9110, 5.5), without what Python takes for the end of a line.
VALUE = re.compile(rb"[\t\x20-\x7e\x80-\x84\x86-\xff]*")


def is_valid(method: bytes, headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether a socket may be opened by this request; its headers as ASGI has them."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        found[name] = b"%b,%b" % (found[name], value) if name in found else value
    return (
        method == b"GET"
        and all(map(VALUE.fullmatch, found.values()))
        and all(pattern.fullmatch(found.get(name, b"")) for name, pattern in PATTERNS.items())
    )


def accepted(key: bytes) -> bytes:
    """The answer that opens the socket, to a request with this Sec-WebSocket-Key."""
    proof = base64.b64encode(hashlib.sha1(key + MAGIC, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %b\r\n\r\n" % proof
    )
