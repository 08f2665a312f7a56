"""Daphne's WebSocket, bounded in both directions, refused with a status, and written to at once.

Daphne's own has an endless queue inward and an endless buffer outward, so anybody who sends
without end, or doesn't read, takes the memory of all. Times are the event loop's: nobody sets
that clock.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import lru_cache
from http import HTTPStatus

from autobahn.twisted import websocket as on_twisted
from autobahn.websocket import protocol as autobahn
from autobahn.websocket.types import ConnectionDeny
from daphne import ws_protocol

from chat import protocol
from chatsite.frames import whole_text
from chatsite.outward import Outward

UNREAD_FRAMES = 64  # inward; with more waiting the socket is not read
FLOOD = 10.0  # seconds of that until it is closed
BREATH = 0.25  # seconds of reading that don't end a flood: a busy machine takes such breaks
UNREAD_BYTES = 1024 * 1024  # outward; with more waiting the socket is closed
LINGER = 5.0  # seconds that a client has to read the rest, once both have closed
logger = logging.getLogger(__name__)


def _nothing(*args, **options) -> None:
    """In place of what would be made for nobody."""


# For a log that nobody reads, autobahn formats all it does at each connection: 0.3 ms CPU.
autobahn.pformat = autobahn.hltype = autobahn.hlval = _nothing
on_twisted.hltype = on_twisted.hlval = _nothing


class WebSocket(ws_protocol.WebSocketProtocol):
    """One socket; an `Outlet` (chat/outlet.py) to the application."""

    _reads_itself = False  # whole texts, once it is open and autobahn's parser is as we know it
    _held = False  # too much waits inward: it is not read
    _released = 0.0
    _flood_began = 0.0
    _flood_ends: asyncio.TimerHandle | None = None
    _lingers: asyncio.TimerHandle | None = None
    _cut = False  # what it sends is of no interest any more

    def connectionMade(self):
        super().connectionMade()
        self.is_closed.addCallback(_nothing)  # it would refer to us: only gc would free us
        self._opened = self._heard = _now()
        self._outward = Outward(self.transport)

    def onConnect(self, request):
        if not request.headers.get("sec-websocket-protocol", "").isascii():
            raise ConnectionDeny(code=400, reason="Bad Request")
        return super().onConnect(request)

    def onOpen(self):
        self._reads_itself = _tells_where_it_is(self)
        super().onOpen()

    def onClose(self, wasClean, code, reason):
        self._outward.stopProducing()
        for timer in self._flood_ends, self._lingers:
            if timer:
                timer.cancel()
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
    def dataReceived(self, data):
        """Take what comes, without autobahn where that is one whole text: it does more for each.

        Its own `dataReceived` writes a line first, for a log that nobody reads.
        """
        text = None
        if len(data) <= protocol.LIMITS["frame"] and self._is_between_frames():
            text = whole_text(data)
        if text is None:
            self._dataReceived(data)
        else:
            self._receive({"type": "websocket.receive", "text": text})

    def _is_between_frames(self) -> bool:
        """Whether the next byte begins a frame, and nothing else is to be looked at."""
        return (
            self._reads_itself
            and not self._held
            and self.state == self.STATE_OPEN
            and not self.data
            and self.current_frame is None
            and not self.inside_message
            and self.autoPingTimeoutCall is None  # any frame ends it
        )

    def onMessageEnd(self):
        if not self.failedByMe:  # autobahn's own tells observers besides; there are none
            self.onMessage(b"".join(self.message_data), self.message_is_binary)
        self.message_data = None

    def onMessage(self, payload, isBinary):
        event = {"bytes": payload} if isBinary else {"text": payload.decode()}
        self._receive({"type": "websocket.receive", **event})

    def _receive(self, event: dict):
        if self._cut:
            return
        self._heard = _now()
        self.application_queue.put_nowait(event)
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
        """Send a text frame; nothing, where the socket is not open any more."""
        if self.state == self.STATE_OPEN and not self._outward.write(_framed(text)):
            self._look_at_unsent()

    def sendPong(self, payload=None):
        super().sendPong(payload)
        self._look_at_unsent()

    def sendData(self, data, sync=False, chopsize=None):
        """Autobahn's own way out. (Nothing here is sent in chops.)"""
        self._outward.write(data)

    def _look_at_unsent(self):
        if self._outward.unsent > UNREAD_BYTES and not self._cut:
            self._say_bye("slow", "You don't read what is sent to you.")

    async def flushed(self) -> None:
        """Wait until the client has taken nearly all that was written."""
        await self._outward.flushed()

    def stop(self) -> None:
        """Nothing to do."""

    # --- ends ------------------------------------------------------------------------------------
    def _say_bye(self, code: str, message: str):
        """Close; who doesn't read that within autobahn's closeHandshakeTimeout is cut."""
        self._cut = True
        self.write(protocol.bye(code, message))
        if self.state == self.STATE_OPEN:
            self.sendClose(protocol.CLOSE_CODES[code])
        if self._held:
            self._release()  # for the client's answer

    def _closeConnection(self, abort=False):
        """Called when all is said. Who doesn't read the rest of it would stay for ever."""
        super()._closeConnection(abort)
        if not abort:
            loop = asyncio.get_running_loop()
            self._lingers = loop.call_later(LINGER, self.transport.abortConnection)

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


def _tells_where_it_is(parser: autobahn.WebSocketProtocol) -> bool:
    """Whether autobahn's parser has what `_is_between_frames` looks at."""
    known = all(
        hasattr(parser, name)
        for name in ("data", "current_frame", "inside_message", "autoPingTimeoutCall")
    )
    if not known:
        logger.warning("autobahn's parser is not known: reading is slower")
    return known


@lru_cache(maxsize=4)
def _framed(text: str) -> bytes:
    """A server's text frame (RFC 6455, section 5.2). One that goes to many is made once."""
    message = autobahn.PreparedMessage(
        text.encode(), isBinary=False, applyMask=False, doNotCompress=True
    )
    return message.payloadHybi


def _now() -> float:
    return asyncio.get_running_loop().time()
