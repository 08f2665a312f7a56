"""Daphne's WebSocket, bounded in both directions, refused with a status, and written to at once.

Daphne's own has an endless queue inward and an endless buffer outward, so anybody who sends
without end, or doesn't read, takes the memory of all. Times are the event loop's: nobody sets
that clock.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable
from functools import lru_cache
from http import HTTPStatus

from autobahn.websocket.protocol import PreparedMessage
from autobahn.websocket.types import ConnectionDeny
from daphne import ws_protocol

from chat import protocol

UNREAD_FRAMES = 64  # inward; with more waiting the socket is not read
FLOOD = 10.0  # seconds of that until it is closed
BREATH = 0.02  # seconds of reading that don't end a flood
UNREAD_BYTES = 1024 * 1024  # outward; with more waiting the socket is closed
KERNEL_BYTES = 256 * 1024  # what the system buffers besides; by itself it goes to megabytes
logger = logging.getLogger(__name__)


class WebSocket(ws_protocol.WebSocketProtocol):
    """One socket; an `Outlet` (chat/outlet.py) to the application."""

    _held = False  # too much waits inward: it is not read
    _released = 0.0
    _flood_began = 0.0
    _flood_ends: asyncio.TimerHandle | None = None
    _cut = False  # what it sends is of no interest any more

    def connectionMade(self):
        super().connectionMade()
        self._opened = self._heard = _now()
        self._room = asyncio.Event()  # less than the transport's bufferSize waits outward
        self._room.set()
        self.transport.unregisterProducer()  # the HTTP channel that this connection began as
        self.transport.registerProducer(self, streaming=True)
        with contextlib.suppress(AttributeError, OSError):  # has no such buffer
            self.transport.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)

    def onConnect(self, request):
        if not request.headers.get("sec-websocket-protocol", "").isascii():
            raise ConnectionDeny(code=400, reason="Bad Request")
        return super().onConnect(request)

    def onClose(self, wasClean, code, reason):
        self._room.set()
        if self._flood_ends:
            self._flood_ends.cancel()
        super().onClose(wasClean, code, reason)

    def check_timeouts(self):
        """Called every two seconds."""
        now = _now()
        if self.state == self.STATE_CONNECTING:
            if now - self._opened > self.server.websocket_connect_timeout:
                self.serverReject()
        elif self.state == self.STATE_OPEN and now - self._heard > self.server.ping_interval:
            self._heard = now
            self._sendAutoPing()  # and drops the socket where nothing comes in its ping_timeout

    # --- inward ----------------------------------------------------------------------------------
    def onMessage(self, payload, isBinary):
        if self._cut:
            return
        self._heard = _now()
        super().onMessage(payload, isBinary)
        if self.application_queue.qsize() >= UNREAD_FRAMES:
            self._hold()

    def processData(self):
        """Take one frame from what has come; returns whether to go on."""
        return not self._held and super().processData()

    def counted(self, receive: Callable[[], Awaitable[dict]]) -> Callable[[], Awaitable[dict]]:
        """The application's `receive`, which lets this socket be read again."""

        async def taken():
            event = await receive()
            if self._held and self.application_queue.qsize() <= UNREAD_FRAMES // 2:
                self._release()
            return event

        return taken

    def _hold(self):
        now = _now()
        if now > self._released + BREATH:
            self._flood_began = now
        self._held = True
        self.transport.pauseProducing()
        left = self._flood_began + FLOOD - now
        self._flood_ends = asyncio.get_running_loop().call_later(
            left, self._say_bye, "flood", "You send faster than this can be read."
        )

    def _release(self):
        self._flood_ends.cancel()
        self._held = False
        self._released = _now()
        self.transport.resumeProducing()
        self.consumeData()  # what had come before it was held; it may be held again

    # --- outward ---------------------------------------------------------------------------------
    def write(self, text: str) -> None:
        """Send a text frame; nothing, where the socket is not open any more.

        Prepared, because a text that goes to all is then framed once, and because autobahn holds
        messages that it frames itself to the bound of those that come in.
        """
        if self.state != self.STATE_OPEN:
            return
        self.sendPreparedMessage(_prepare(text))
        if unsent(self.transport) > UNREAD_BYTES and not self._cut:
            self._say_bye("slow", "You don't read what is sent to you.")

    async def flushed(self) -> None:
        """Wait until the client has taken nearly all that was written."""
        await self._room.wait()

    def stop(self) -> None:
        """Nothing to do."""

    def pauseProducing(self):
        self._room.clear()

    def resumeProducing(self):
        self._room.set()

    def stopProducing(self):
        self._room.set()

    # --- ends ------------------------------------------------------------------------------------
    def _say_bye(self, code: str, message: str):
        """Close; who doesn't read that within autobahn's closeHandshakeTimeout is cut."""
        self._cut = True
        self.write(protocol.bye(code, message))
        if self.state == self.STATE_OPEN:
            self.sendClose(protocol.CLOSE_CODES[code])
        if self._held:
            self._release()  # for the client's answer

    def handle_reply(self, message):
        if message.get("type", "").startswith("websocket.http.response."):
            self._deny(message)
        else:
            super().handle_reply(message)

    def _deny(self, message):
        """Refuse the handshake (ASGI's Websocket Denial Response; the body is not sent)."""
        if message["type"] == "websocket.http.response.start":
            deferred = self.handshake_deferred
            del self.handshake_deferred
            status = HTTPStatus(message["status"])
            deferred.errback(ConnectionDeny(code=status.value, reason=status.phrase))
            self.server.protocol_disconnected(self)


def unsent(transport) -> int:
    """How many bytes wait in the buffers of one of Twisted's transports; 0 where it won't say."""
    transport = getattr(transport, "transport", transport)  # TLS wraps it
    try:
        return len(transport.dataBuffer) - transport.offset + transport._tempDataLen
    except AttributeError:
        _warn_of_blindness()
        return 0


@lru_cache
def _warn_of_blindness():
    logger.warning("this release of Twisted doesn't show its buffers: nobody slow will be cut")


@lru_cache(maxsize=4)
def _prepare(text: str) -> PreparedMessage:
    return PreparedMessage(text.encode(), isBinary=False, applyMask=False, doNotCompress=True)


def _now() -> float:
    return asyncio.get_running_loop().time()
