"""Daphne's WebSocket, bounded in both directions, refused with a status, and written to at once.

The sans-I/O protocol of `websockets` keeps to RFC 6455. Daphne's own WebSocket has an endless queue
inward and an endless buffer outward, so anybody who sends without end, or doesn't read, takes the
memory of all. Times are the event loop's: nobody sets that clock.
"""

import asyncio
import os
import traceback
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Protocol

from chatsite.server.asgi import Message

# As much as Twisted takes; read when `websockets` is imported.
os.environ.setdefault("WEBSOCKETS_MAX_LINE_LENGTH", str(16 * 1024))
os.environ.setdefault("WEBSOCKETS_MAX_NUM_HEADERS", "500")

from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import SEND_EOF, Event, State
from websockets.server import ServerProtocol

from chatsite.server.inward import Inward
from chatsite.server.reading import Reading, now
from chatsite.server.scope import described
from chatsite.server.terms import Goodbye, Terms
from chatsite.server.transport import way_out

UNREAD_BYTES = 1024 * 1024  # outward; with more waiting the socket is closed
CLOSING = 1.0  # seconds that a client has to answer a close
LINGER = 5.0  # seconds that a client has to read the rest, once both have closed
MESSAGES = {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}


class Server(Protocol):
    """What a socket needs of Daphne's server."""

    terms: Terms
    root_path: str
    websocket_connect_timeout: float
    ping_interval: float
    ping_timeout: float

    def protocol_connected(self, protocol: object) -> None: ...
    def protocol_disconnected(self, protocol: object) -> None: ...
    def create_application(self, protocol: object, scope: Message) -> asyncio.Queue[Message]: ...
    def log_action(self, protocol: str, action: str, details: dict[str, Any]) -> None: ...


class Sockets:
    """In place of Daphne's factory of WebSockets."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def buildProtocol(self, address: object) -> "WebSocket":
        return WebSocket(self._server)


class WebSocket(Reading):
    """One socket, and the way out for the application, which finds it in its scope."""

    _response: Response | None = None  # to the handshake; goes out when the application accepts
    _visit: dict[str, Any] = {}  # of whom, and where, for the log; empty before a request
    _open = False
    _cut = False  # what it sends is of no interest any more
    _closed = False  # the client has said that it closes
    _pinged = 0.0
    _patience: float | None = None  # seconds that it has left to end, once it ends
    _abort: asyncio.TimerHandle | None = None

    def __init__(self, server: Server) -> None:
        self.server = server
        self._wire = ServerProtocol(max_size=server.terms.frame_bytes)
        self.inward = Inward(self._wire)

    def connectionMade(self) -> None:
        self._opened = now()
        self._outward = way_out(self.transport)
        self.server.protocol_connected(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._open, self._cut = False, True
        self.stop_reading()
        self._outward.stopProducing()
        if self._abort:
            self._abort.cancel()
        self.server.protocol_disconnected(self)
        if self._visit:
            self._wire.receive_eof()
            self.queue.put_nowait({"type": "websocket.disconnect", "code": self._wire.close_code})
            self._log("disconnected")
        vars(self._wire).clear()  # its parser refers to it: only gc would free them

    # --- the handshake ---------------------------------------------------------------------------
    def _arrive(self, request: Request) -> None:
        response = self._wire.accept(request)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self._answer(response)
            # What was wrong refers to frames, and they and the request to it: gc's work otherwise.
            _clear_frames(self._wire.handshake_exc)
            vars(request).clear()
            return
        self._response, self.unanswered = response, True
        scope = described(request, self.transport, self.server.root_path)
        self._visit = {"path": scope["path"], "client": scope["client"] and scope["client"][0]}
        self._log("connecting")
        self.queue = self.server.create_application(self, scope)
        self.queue.put_nowait({"type": "websocket.connect"})

    def _accept(self, message: Message) -> None:
        if self.unanswered and self._response:
            self._answer(self._response)
            self._log("connected")
            self.take_some()  # what came early

    def _refuse(self, status: int) -> None:
        if self.unanswered:
            self._answer(self._wire.reject(status, ""))
            self._log("rejected")

    def _answer(self, response: Response) -> None:
        self._response, self.unanswered = None, False
        self._wire.send_response(response)
        self.flush()

    # --- inward ----------------------------------------------------------------------------------
    def take(self, event: Event) -> None:
        TAKE[type(event)](self, event)

    def _take_frame(self, frame: Frame) -> None:
        if frame.opcode in MESSAGES:
            self._read(frame)
        elif frame.opcode is Opcode.CLOSE:
            self._closed = True

    def _read(self, frame: Frame) -> None:
        try:
            message = self.inward.message(frame)
        except UnicodeDecodeError:
            self._fail(CloseCode.INVALID_DATA)
            return
        if message and not self._cut:
            self.give(message)

    # --- outward ---------------------------------------------------------------------------------
    def write(self, text: str) -> None:
        """Send a text frame; nothing, where the socket is not open any more."""
        if self._open and not self._outward.write(_framed(text)):
            self._look_at_unsent()

    async def flushed(self) -> None:
        """Wait until the client has taken nearly all that was written."""
        await self._outward.flushed()

    def stop(self) -> None:
        """Nothing to do."""

    def _look_at_unsent(self) -> None:
        if self._outward.unsent > UNREAD_BYTES and not self._cut:
            self._say_bye(self.server.terms.slow)

    def flush(self) -> None:
        """Send what the wire has to say, and end where all is said."""
        said = self._wire.data_to_send()
        over = SEND_EOF in said
        if said == [SEND_EOF] and self._wire.state is State.CONNECTING:
            # It could make nothing of the request, and leaves it at that.
            said = [self._wire.reject(HTTPStatus.BAD_REQUEST, "").serialize()]
        for data in filter(None, said):
            self._outward.write(data)
        self._look_at_unsent()
        self._open = self._wire.state is State.OPEN
        if self._closed or (over and self._wire.state is State.CONNECTING):
            self._end(LINGER, self._outward.finish)
        elif self._wire.state is State.CLOSING and (self._cut or not self.inward):
            self._end(CLOSING, self._outward.half_finish if over else None)

    # --- ends ------------------------------------------------------------------------------------
    def flooded(self) -> None:
        self._say_bye(self.server.terms.flood)

    def _say_bye(self, goodbye: Goodbye) -> None:
        """Close; who doesn't read that in time is aborted."""
        self._cut = True
        self.write(goodbye.text)
        self._close(goodbye.code)
        self.release()  # for the client's answer

    def _close(self, code: int) -> None:
        self._cut = True
        if self._open:
            self._wire.send_close(code)
            self.flush()

    def _fail(self, code: int) -> None:
        self._cut = True
        self._wire.fail(code)
        self.flush()

    def _end(self, patience: float, how: Callable[[], None] | None) -> None:
        """End so, and abruptly when its time is up."""
        if patience == self._patience:
            return
        self._patience = patience
        if self._abort:
            self._abort.cancel()
        loop = asyncio.get_running_loop()
        self._abort = loop.call_later(patience, self.transport.abortConnection)
        if how:
            how()

    # --- what Daphne's server calls --------------------------------------------------------------
    def handle_reply(self, message: Message) -> None:
        REPLIES[message["type"]](self, message)

    def handle_exception(self, exception: Exception) -> None:
        """The application has broken."""
        self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR)
        if self._open:
            self._fail(CloseCode.INTERNAL_ERROR)

    def check_timeouts(self) -> None:
        """Called every two seconds."""
        if self.unanswered:
            if now() - self._opened > self.server.websocket_connect_timeout:
                self._refuse(HTTPStatus.FORBIDDEN)
        elif self._open and self._pinged <= self.heard:
            if now() - self.heard > self.server.ping_interval:
                self._pinged = now()
                self._wire.send_ping(b"")
                self.flush()
        elif self._open and now() - self._pinged > self.server.ping_timeout:
            self.transport.abortConnection()

    def _send(self, message: Message) -> None:
        self.write(message["text"])

    def _close_or_refuse(self, message: Message) -> None:
        self._refuse(HTTPStatus.FORBIDDEN)
        self._close(message.get("code") or CloseCode.NORMAL_CLOSURE)

    def _deny(self, message: Message) -> None:
        """ASGI's Websocket Denial Response. The body is not sent."""
        self._refuse(message["status"])

    def _log(self, action: str) -> None:
        self.server.log_action("websocket", action, self._visit)


TAKE: dict[type, Callable[[WebSocket, Any], None]] = {
    Request: WebSocket._arrive,
    Frame: WebSocket._take_frame,
}
REPLIES: dict[str, Callable[[WebSocket, Message], None]] = {
    "websocket.accept": WebSocket._accept,
    "websocket.send": WebSocket._send,
    "websocket.close": WebSocket._close_or_refuse,
    "websocket.http.response.start": WebSocket._deny,
    "websocket.http.response.body": lambda socket, message: None,
}


def _clear_frames(wrong: Exception | None) -> None:
    """By itself: a variable of the caller, whose frame is one of these, would keep them all."""
    if wrong:
        traceback.clear_frames(wrong.__traceback__)


@lru_cache(maxsize=4)
def _framed(text: str) -> bytes:
    """A server's text frame. One that goes to many is made once."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
