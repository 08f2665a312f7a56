"""Daphne's WebSocket, bounded in both directions, refused with a status, and written to at once.

The sans-I/O protocol of `websockets` keeps to RFC 6455. Daphne's own WebSocket has an endless queue
inward and an endless buffer outward, so anybody who sends without end, or doesn't read, takes the
memory of all. Times are the event loop's: nobody sets that clock.
"""

from collections.abc import Callable
from http import HTTPStatus

from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Protocol, Side

from chatsite.server.answers import answer
from chatsite.server.asgi import Message
from chatsite.server.bucket import Bucket
from chatsite.server.host import Host
from chatsite.server.inward import Flood, Inward
from chatsite.server.reading import now
from chatsite.server.transport import way_out
from chatsite.server.writing import Writing


class WebSocket(Writing):
    """One socket, and the way out for the application, which finds it in its scope."""

    _pinged = 0.0

    def __init__(self, server: Host, scope: Message, opening: bytes) -> None:
        """Of a valid request: as ASGI describes it, and the answer where the socket is accepted."""
        self.server = server
        self._scope, self._opening = scope, opening
        self._visit = {"path": scope["path"], "client": scope["client"] and scope["client"][0]}
        self._wire = Protocol(Side.SERVER, max_size=server.terms.frame_bytes)
        self.inward = Inward(self._wire)
        if server.terms.texts_at_once:
            self.pace = Bucket(server.terms.texts_at_once, server.terms.texts_per_second)

    def connectionMade(self) -> None:
        self._opened = now()
        self._outward = way_out(self.transport)
        self.server.protocol_connected(self)
        self._log("connecting")
        self.unanswered = True
        self.queue = self.server.create_application(self, self._scope)
        self._address = self._scope["client"] and self._scope["client"][0]  # as behind proxies, now
        del self._scope  # it refers to this socket by now: only gc would free them
        self.queue.put_nowait({"type": "websocket.connect"})

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._open, self._cut = False, True
        self.stop_reading()
        self._outward.stopProducing()
        if self._abort:
            self._abort.cancel()
        self.server.protocol_disconnected(self)
        self.server.concurrency.end(self.transport)
        self.server.door.leave(self.transport)
        self._wire.receive_eof()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": self._wire.close_code})
        self._log("disconnected")
        vars(self._wire).clear()  # its parser refers to it: only gc would free them

    # --- the handshake ---------------------------------------------------------------------------
    def _accept(self, message: Message) -> None:
        if self.unanswered:
            self.unanswered, self._open = False, True
            self.server.concurrency.end(self.transport)
            self._outward.write(self._opening)
            self._log("connected")
            self.take_some()  # what came since the handshake, or together with it

    def _refuse(self, status: int) -> None:
        if self.unanswered:
            self.read_no_more()
            self.server.concurrency.end(self.transport)
            self._outward.write(answer(HTTPStatus(status)))
            self.finish()
            self._log("rejected")

    # --- inward ----------------------------------------------------------------------------------
    def take(self, frame: Frame) -> None:
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
        if self.unanswered:
            self._refuse(HTTPStatus.FORBIDDEN)
        else:
            self._close(message.get("code") or CloseCode.NORMAL_CLOSURE)

    def _deny(self, message: Message) -> None:
        """ASGI's Websocket Denial Response. The body is not sent."""
        self._refuse(message["status"])

    def _log(self, action: str) -> None:
        self.server.log_action("websocket", action, self._visit)


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
