"""The way out of a socket: at once where nothing else waits, and how much waits is known.

Twisted tells nobody how much is in its buffers. So they get only a piece at a time, the rest waits
here, and a transport asks for the next piece when it has got rid of the last (`IPullProducer`).
"""

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any, Protocol

from twisted.protocols.policies import ProtocolWrapper
from twisted.python.failure import Failure

KERNEL_BYTES = 256 * 1024  # what the system buffers besides; by itself it goes to megabytes
PIECE = 64 * 1024  # bytes; less than that is as good as sent


class Transport(Protocol):
    """What is used here of Twisted's transports: its own interfaces are not for type checkers."""

    bufferSize: int  # bytes that are read at once, and that wait to be sent until it is full

    def write(self, data: bytes) -> None: ...
    def loseConnection(self) -> None: ...
    def loseWriteConnection(self) -> None: ...
    def abortConnection(self) -> None: ...
    def pauseProducing(self) -> None: ...
    def resumeProducing(self) -> None: ...
    def registerProducer(self, producer: object, streaming: bool) -> None: ...
    def unregisterProducer(self) -> None: ...
    def getHandle(self) -> socket.socket: ...
    def connectionLost(self, reason: Failure) -> None: ...
    def getPeer(self) -> object: ...
    def getHost(self) -> object: ...


class Outward:
    """Writes to a transport, and is its producer.

    `unsent` is how many bytes wait here, `moved` when some last left, or the first came.
    """

    __slots__ = ("_ending", "_given", "_idle", "_room", "_transport", "_waiting", "moved", "unsent")

    def __init__(self, transport: Transport) -> None:
        self.unsent, self.moved = 0, 0.0
        self._transport = transport
        self._waiting: list[bytes] = []
        self._given = 0  # bytes of `unsent` that the transport has
        self._idle = True  # the transport has nothing to send
        self._room: asyncio.Event | None = None  # made for who waits
        self._ending: Callable[[], None] | None = None
        transport.unregisterProducer()  # the HTTP channel that the connection began as
        self._register()

    def _register(self) -> None:
        self._transport.registerProducer(self, streaming=False)

    def write(self, data: bytes) -> bool:
        """Send `data`; whether nothing of it waits here."""
        self._waiting.append(data)
        self.unsent += len(data)
        if self._idle:
            self.resumeProducing()
        return not self.unsent

    async def flushed(self) -> None:
        """Wait until nearly all that was written is with the system, or the socket is closed."""
        while self.unsent > PIECE:
            self._room = self._room or asyncio.Event()
            await self._room.wait()

    def finish(self) -> None:
        """Close the connection, once all is sent."""
        self._end_by(self._transport.loseConnection)

    def half_finish(self) -> None:
        """Say that nothing follows, once all is sent; what the client sends is still read."""
        self._end_by(self._transport.loseWriteConnection)

    def _end_by(self, how: Callable[[], None]) -> None:
        self._ending = how
        if self._idle:
            self._end()

    def _end(self) -> None:
        self._transport.unregisterProducer()  # with one, a transport doesn't end
        if self._ending:
            self._ending()

    # --- what the transport calls ----------------------------------------------------------------
    def resumeProducing(self) -> None:
        """It has sent what it had."""
        self.unsent -= self._given
        self._given, self._idle = 0, True
        self.moved = time.monotonic()
        self._make_room()
        if self._waiting:
            piece = self._next_piece()
            self._given, self._idle = len(piece), False
            self._transport.write(piece)
        elif self._ending:
            self._end()

    def stopProducing(self) -> None:
        """It is closed."""
        self._waiting, self.unsent, self._given, self._idle = [], 0, 0, False
        self._make_room()

    def _next_piece(self) -> bytes:
        size = count = 0
        while count < len(self._waiting) and size < PIECE:
            size += len(self._waiting[count])
            count += 1
        piece = b"".join(self._waiting[:count])
        del self._waiting[:count]
        return piece

    def _make_room(self) -> None:
        if self._room and self.unsent <= PIECE:
            self._room.set()
            self._room = None


class Direct(Outward):
    """Where nothing lies between the transport and the system's socket.

    The system gets what it takes at once: Twisted's buffer and another turn of the loop would cost
    more than the rest of a delivery.
    """

    __slots__ = ("_send",)

    def __init__(self, transport: Transport) -> None:
        handle = transport.getHandle()
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
        self._send = handle.send
        super().__init__(transport)

    def write(self, data: bytes) -> bool:
        if self._idle:
            try:
                sent = self._send(data)
            except OSError:  # it is full, or gone: the transport knows what to do
                sent = 0
            if sent == len(data):
                return True
            data = data[sent:]
        return super().write(data)


class Wrapped(Outward):
    """Where TLS lies between. It would ask for more all the time, so it says when it is full."""

    __slots__ = ()

    def _register(self) -> None:
        self._transport.registerProducer(self, streaming=True)

    def half_finish(self) -> None:
        """TLS knows of no such thing."""

    def pauseProducing(self) -> None:
        self._idle = False

    def resumeProducing(self) -> None:
        self._idle = True
        self.moved = time.monotonic()
        while self._idle and self._waiting:
            piece = self._next_piece()
            self.unsent -= len(piece)
            self._transport.write(piece)  # it may pause us
        self._make_room()
        if self._idle and self._ending:
            self._end()


def handle(transport: Any) -> socket.socket:
    """The system's socket, below TLS where there is any."""
    while isinstance(transport, ProtocolWrapper):
        transport = transport.transport
    found: socket.socket = transport.getHandle()
    return found


def way_out(transport: Transport) -> Outward:
    return Wrapped(transport) if isinstance(transport, ProtocolWrapper) else Direct(transport)
