"""One HTTP connection: Twisted's, with deadlines for what comes in and for what is to be read.

Twisted's own time-out starts again with each byte, so that a byte now and then keeps a connection
for ever. These are for the whole of a thing. Twisted bounds the bytes and the number of headers
(400), and reads at most 16 KiB of further requests while one is answered: one at a time.
"""

import asyncio
import contextlib
import socket
from functools import partial
from http import HTTPStatus
from typing import Any

from twisted.internet.protocol import connectionDone
from twisted.protocols.policies import ProtocolWrapper
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel

from chatsite.server.answers import answer
from chatsite.server.door import address
from chatsite.server.pace import Pace
from chatsite.server.transport import KERNEL_BYTES, Transport, handle

HEADERS = 10  # seconds for all headers, from the connection's first moment or their first byte
BODY = 20  # seconds for all of a body
IDLE = 60  # seconds that a connection may wait for its next request
READ_BYTES = 16 * 1024  # are read at once; then others have their turn


class Channel(HTTPChannel):
    """`factory.server` is our `Server`."""

    # Twisted's own type is an interface, which says nothing to a type checker.
    transport: Transport  # type: ignore[assignment]
    _rests = False  # nothing has come since the last answer
    _room: asyncio.Event | None = None  # made for who waits until the transport takes more
    _next: asyncio.Task[None] | None = None
    _pace: Pace

    # --- coming and going ------------------------------------------------------------------------
    def connectionMade(self) -> None:
        self._server = self.factory.server
        self.timeOut = HEADERS
        super().connectionMade()
        connection = handle(self.transport)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
        self.transport.bufferSize = READ_BYTES
        self._pace = Pace(connection, partial(self._server.cut, self.transport, "reads too slowly"))
        if refused := self._server.door.enter(self.transport):
            self._turn_away(connection, refused)

    def _turn_away(self, connection: socket.socket, status: HTTPStatus) -> None:
        """Close at once: a hundred may be accepted in one turn of the loop, a descriptor each."""
        if isinstance(self.transport, ProtocolWrapper):  # TLS: nothing can be said so early
            self.transport.abortConnection()
            return
        with contextlib.suppress(OSError):
            connection.send(self._answer(status))
        self.transport.connectionLost(connectionDone)

    def refuse(self, status: HTTPStatus, retry_after: float = 0.0) -> None:
        """Answer so, by the server itself, and close."""
        self.transport.write(self._answer(status, retry_after))
        self.loseConnection()

    def _answer(self, status: HTTPStatus, retry_after: float = 0.0) -> bytes:
        return answer(status, self._server.terms.words.get(status, ""), retry_after)

    def loseConnection(self) -> None:
        self._pace.end()
        super().loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._next:
            self._next.cancel()
            self.requests.clear()  # it has been answered
        self._make_room()
        self._pace.stop()
        super().connectionLost(reason)
        self._server.door.leave(self.transport)

    def hand_over(self) -> None:
        """A WebSocket has the connection now, and is counted in its place."""
        self.requests.clear()  # they refer to each other: only gc would free them
        self._pace.stop()
        early = self.clearLineBuffer()  # frames that came together with the handshake
        if early:
            transport: Any = self.transport  # to either kind Daphne has given the socket
            is_tls = isinstance(transport, ProtocolWrapper)
            (transport.wrappedProtocol if is_tls else transport.protocol).dataReceived(early)

    # --- what comes in ---------------------------------------------------------------------------
    def dataReceived(self, data: bytes) -> None:
        if self._rests:
            self._rests = False
            self.setTimeout(HEADERS)
        super().dataReceived(data)

    def resetTimeout(self) -> None:
        """No byte starts a deadline again."""

    def allHeadersReceived(self) -> None:
        super().allHeadersReceived()
        if self.length != 0:  # None: in chunks
            self.setTimeout(BODY)

    def allContentReceived(self) -> None:
        self.timeOut = IDLE  # what Twisted sets after the answer; until then there is none
        super().allContentReceived()

    def timeoutConnection(self) -> None:
        if self.requests:
            self._server.terms.refused(address(self.transport), "sends too slowly")
        super().timeoutConnection()

    # --- what goes out ---------------------------------------------------------------------------
    def write(self, data: bytes) -> None:
        self._pace.watch()
        super().write(data)

    def writeSequence(self, iovec: list[bytes]) -> None:
        self._pace.watch()
        super().writeSequence(iovec)

    def pauseProducing(self) -> None:
        self._pace.full = True
        super().pauseProducing()

    def resumeProducing(self) -> None:
        self._pace.full = False
        super().resumeProducing()
        self._make_room()

    async def flushed(self) -> None:
        """Wait until the transport takes more, or the connection is closed."""
        while self._pace.full:
            self._room = self._room or asyncio.Event()
            await self._room.wait()

    def _make_room(self) -> None:
        self._pace.full = False
        if self._room:
            self._room.set()
            self._room = None

    def requestDone(self, request: Any) -> None:
        """The next is answered when this answer has left: no more than one waits here."""
        if self._pace.full and self.persistent:
            self._next = asyncio.ensure_future(self._done_later(request))
        else:
            self._done(request)

    async def _done_later(self, request: Any) -> None:
        await self.flushed()
        self._next = None
        self._done(request)

    def _done(self, request: Any) -> None:
        self._rests = True
        super().requestDone(request)
