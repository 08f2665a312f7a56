"""Daphne's WebSocket, bounded in both directions, refused with a status, and written to at once.

The sans-I/O protocol of `websockets` keeps to RFC 6455. Daphne's own WebSocket has an endless queue
inward and an endless buffer outward, so anybody who sends without end, or doesn't read, takes the
memory of all. Times are the event loop's: nobody sets that clock.
"""

import os
import traceback
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from chatsite.server.asgi import Message
from chatsite.server.bucket import Bucket

# As much as Twisted takes; read when `websockets` is imported.
os.environ.setdefault("WEBSOCKETS_MAX_LINE_LENGTH", str(16 * 1024))
os.environ.setdefault("WEBSOCKETS_MAX_NUM_HEADERS", "500")

from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import Event
from websockets.server import ServerProtocol

from chatsite.server.host import Host
from chatsite.server.inward import Flood, Inward
from chatsite.server.reading import now
from chatsite.server.scope import described
from chatsite.server.transport import way_out
from chatsite.server.writing import Writing


class Sockets:
    """In place of Daphne's factory of WebSockets."""

    def __init__(self, server: Host) -> None:
        self._server = server

    def buildProtocol(self, address: object) -> "WebSocket":
        return WebSocket(self._server)


class WebSocket(Writing):
    """One socket, and the way out for the application, which finds it in its scope."""

    _response: Response | None = None  # to the handshake; goes out when the application accepts
    _visit: dict[str, Any] = {}  # of whom, and where, for the log; empty before a request
    _pinged = 0.0

    def __init__(self, server: Host) -> None:
        self.server = server
        self._wire = ServerProtocol(max_size=server.terms.frame_bytes)
        self.inward = Inward(self._wire)
        if server.terms.texts_at_once:
            self.pace = Bucket(server.terms.texts_at_once, server.terms.texts_per_second)

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
        self.server.concurrency.end(self.transport)
        self.server.door.leave(self.transport)
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
        self._address = scope["client"] and scope["client"][0]  # as behind proxies, by now
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
        self.server.concurrency.end(self.transport)
        self._wire.send_response(response)
        self.flush()

    # --- inward ----------------------------------------------------------------------------------
    def take(self, event: Event) -> None:
        TAKE[type(event)](self, event)

    def _take_frame(self, frame: Frame) -> None:
        try:
            TAKE_FRAME[frame.opcode](self, frame)
        except UnicodeDecodeError:
            self._fail(CloseCode.INVALID_DATA)
        except Flood:
            if not self._cut:
                self.flooded()
            self.read_no_more()

    def _take_part(self, frame: Frame) -> None:
        message = self.inward.message(frame)
        if message and not self._cut:
            self.give(message)

    def _take_control(self, frame: Frame) -> None:
        self.inward.control(now())

    def _take_close(self, frame: Frame) -> None:
        self._closed = True

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
        self.look_at_pace()
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
TAKE_FRAME: dict[Opcode, Callable[[WebSocket, Frame], None]] = {
    Opcode.TEXT: WebSocket._take_part,
    Opcode.BINARY: WebSocket._take_part,
    Opcode.CONT: WebSocket._take_part,
    Opcode.PING: WebSocket._take_control,
    Opcode.PONG: WebSocket._take_control,
    Opcode.CLOSE: WebSocket._take_close,
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
