"""A request: bounded while it comes in, and asked about before the application sees it."""

import asyncio
from functools import partial
from http import HTTPStatus
from io import BytesIO
from typing import Any

from daphne import http_protocol
from twisted.protocols.policies import ProtocolWrapper
from twisted.python.failure import Failure

from chatsite.server.handshake import accepted, is_valid
from chatsite.server.scope import described
from chatsite.server.transport import Transport
from chatsite.server.websocket import WebSocket

BODY_BYTES = 256 * 1024  # the largest form of the admin is far smaller
BODIES_BYTES = 32 * 1024 * 1024  # of all that come in at the same time
CHUNKS = 1000  # of a body that comes in chunks; each is work, however small


class Request(http_protocol.WebRequest):
    """Daphne's; `server` is our `Server`, `channel` our `Channel`."""

    _received = 0
    _chunks: int | None = None  # of a body that comes in any
    _refused = False
    _asks_for_socket = False
    _connection: Transport | None = None  # of one that may be, or is, at work

    # --- while it comes in -----------------------------------------------------------------------
    def gotLength(self, length: int | None) -> None:
        self.content = BytesIO()  # Twisted would open a file for more than 100 KB
        if length is None:
            self._chunks = 0
        elif length > BODY_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too large")

    def handleContentChunk(self, data: bytes) -> None:
        if self._refused:
            return
        self._received += len(data)
        self.server.bodies += len(data)
        if self._chunks is not None:
            self._chunks += 1
        if self.server.bodies > BODIES_BYTES:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "too many bodies")
        elif self._received > BODY_BYTES or (self._chunks or 0) > CHUNKS:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too large")
        else:
            super().handleContentChunk(data)

    # --- when it is there ------------------------------------------------------------------------
    def process(self) -> None:
        self.requestHeaders.removeHeader(b"daphne-root-path")  # anyone can send it
        if not self._refused:
            self._look_at_it()
        if not self._refused:
            self._connection = self.channel.transport
            if self._asks_for_socket:
                self._connection.pauseProducing()  # what follows is for the socket
            self.server.concurrency.begin(self._connection, self._address(), self._begin)

    def _begin(self) -> None:
        """It is its turn."""
        if self._asks_for_socket:
            self._open_socket()
        else:
            super().process()

    def _look_at_it(self) -> None:
        # RFC 9112, 3.2. HTTP/1.0 knows no Host, and some balancers' probes speak that.
        hosts = self.requestHeaders.getRawHeaders(b"host", [])
        if self.clientproto != b"HTTP/1.0" and len(hosts) != 1:
            self._refuse(HTTPStatus.BAD_REQUEST, "no host")
            return
        upgrade = self.requestHeaders.getRawHeaders(b"upgrade", [b""])[0]
        self._asks_for_socket = upgrade.lower() == b"websocket"
        kind = "handshake" if self._asks_for_socket else "request"
        wait = self.server.terms.admit(self._address(), kind, self.path.decode("latin1"))
        if wait:
            self._note_refusal("too fast")
            self.server.refusing.say(self._address(), partial(self._say_too_fast, wait))

    def _say_too_fast(self, wait: float) -> None:
        if self.channel:  # it has not gone meanwhile
            self.channel.refuse(HTTPStatus.TOO_MANY_REQUESTS, wait)

    def _open_socket(self) -> None:
        """Hand the connection over to a WebSocket, in place of Daphne, which would write down the
        request for it to be read again."""
        try:
            scope = described(self, self.server.root_path)
        except UnicodeDecodeError:
            scope = None
        has_body = self._received or self._chunks is not None
        if has_body or not scope or not is_valid(self.method, scope["headers"]):
            self._refuse(HTTPStatus.BAD_REQUEST, "no handshake")
            return
        (key,) = self.requestHeaders.getRawHeaders(b"sec-websocket-key")
        channel, transport = self.channel, self.transport
        socket: Any = WebSocket(self.server, scope, accepted(key))
        if isinstance(transport, ProtocolWrapper):  # TLS
            transport.wrappedProtocol = socket
        else:
            transport.protocol = socket
        socket.makeConnection(transport)
        self.server.protocol_disconnected(self)
        channel.hand_over()
        transport.resumeProducing()  # paused since the request was there

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        self._note_refusal(why)
        self.channel.refuse(status)

    def _note_refusal(self, why: str) -> None:
        self._refused = True
        self._forget_body()
        self.server.terms.refused(self._address(), why)

    def _address(self) -> str | None:
        forwarded = self.requestHeaders.getRawHeaders(b"x-forwarded-for", [])
        peer = getattr(self.client, "host", None)
        address: str | None = self.server.address(peer, forwarded)
        return address

    # --- until it is answered ---------------------------------------------------------------------
    def finish(self) -> None:
        self._forget_body()
        self.rest()  # before Twisted goes on with the next of this connection
        super().finish()

    def connectionLost(self, reason: Failure) -> None:
        self._forget_body()
        self.rest()
        super().connectionLost(reason)

    def _forget_body(self) -> None:
        self.server.bodies -= self._received
        self._received = 0

    # --- what the application finds in its scope --------------------------------------------------
    def rest(self) -> None:
        """It only waits from now on: another of its address may begin in its place."""
        if self._connection:
            self.server.concurrency.end(self._connection)

    async def turn(self) -> None:
        """Wait until it may work on."""
        begun = asyncio.Event()
        if self._connection:
            self.server.concurrency.begin(self._connection, self._address(), begun.set)
            await begun.wait()

    # --- what the server asks ---------------------------------------------------------------------
    async def flushed(self) -> None:
        """Wait until what was written of the answer has left, nearly all."""
        if not self.finished and self.channel:
            await self.channel.flushed()
