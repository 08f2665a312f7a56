"""The way out of a socket: at once where nothing else waits, and how much waits is known.

A descriptor's buffers are not documented by Twisted. Where a release keeps them elsewhere, all goes
by the transport, with a warning: it is slower, and nobody slow is noticed.
"""

import asyncio
import logging
import socket
from collections.abc import Callable

from twisted.internet.abstract import FileDescriptor
from twisted.internet.interfaces import ITransport

KERNEL_BYTES = 256 * 1024  # what the system buffers besides; by itself it goes to megabytes
logger = logging.getLogger(__name__)


class Outward:
    """Writes to a transport, and is its producer: told when it has room, and when it hasn't."""

    def __init__(self, transport: ITransport):
        self._transport = transport
        self._room = asyncio.Event()  # less than the transport's bufferSize waits
        self._room.set()
        transport.unregisterProducer()  # the HTTP channel that the connection began as
        transport.registerProducer(self, streaming=True)
        self._buffer = _descriptor(transport)
        self._send: Callable[[bytes], int] | None = None
        if self._buffer is transport:  # no TLS in between
            handle = transport.getHandle()
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
            self._send = handle.send

    def write(self, data: bytes) -> bool:
        """Send `data`; whether the system has taken all of it.

        It gets it at once where it can: Twisted's buffer and another turn of the loop would cost
        more than the rest of a delivery.
        """
        sent = 0
        if self._send and self._transport.connected and not _unsent(self._buffer):
            try:
                sent = self._send(data)
            except OSError:  # it is full, or gone: the transport knows what to do
                sent = 0
            if sent == len(data):
                return True
        self._transport.write(data[sent:])
        return False

    @property
    def unsent(self) -> int:
        """How many bytes wait here; 0 where that is not known."""
        return _unsent(self._buffer) if self._buffer else 0

    async def flushed(self) -> None:
        """Wait until nearly all that was written is with the system, or the socket is closed."""
        await self._room.wait()

    # --- what the transport calls ----------------------------------------------------------------
    def pauseProducing(self) -> None:
        self._room.clear()

    def resumeProducing(self) -> None:
        self._room.set()

    def stopProducing(self) -> None:
        self._room.set()


def _unsent(descriptor: FileDescriptor) -> int:
    return len(descriptor.dataBuffer) - descriptor.offset + descriptor._tempDataLen


def _descriptor(transport: ITransport) -> FileDescriptor | None:
    """What `transport` writes to in the end, if that has the buffers that `_unsent` looks at."""
    transport = getattr(transport, "transport", transport)  # TLS wraps it
    try:
        _unsent(transport)
    except AttributeError:
        logger.warning("Twisted's buffers are not known: nobody slow is cut, and all is slower")
        return None
    return transport
