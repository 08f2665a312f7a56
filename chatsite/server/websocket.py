"""Daphne's WebSocket, bounded in both directions, refused with a status, and written to at once.

The sans-I/O protocol of `websockets` keeps to RFC 6455. Daphne's own WebSocket has an endless queue
inward and an endless buffer outward, so anybody who sends without end, or doesn't read, takes the
memory of all. Times are the event loop's: nobody sets that clock.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from functools import lru_cache
from http import HTTPStatus

from twisted.internet.protocol import Protocol

# A header may be as long here as Twisted lets it be; read when `websockets` is imported.
os.environ.setdefault("WEBSOCKETS_MAX_LINE_LENGTH", str(16 * 1024))

from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import SEND_EOF, State
from websockets.server import ServerProtocol

from chatsite.server.inward import Inward
from chatsite.server.scope import described
from chatsite.server.terms import Goodbye
from chatsite.server.transport import way_out

IN_A_ROW = 32  # frames that are taken at once; then others have their turn
UNREAD_FRAMES = 64  # inward; with more waiting the socket is not read
FLOOD = 10.0  # seconds of that until it is closed
BREATH = 0.25  # seconds of reading that don't end a flood: a busy machine takes such breaks
UNREAD_BYTES = 1024 * 1024  # outward; with more waiting the socket is closed
EARLY_BYTES = 64 * 1024  # what may come before the handshake is answered; nobody needs that
CLOSING = 1.0  # seconds that a client has to answer a close
LINGER = 5.0  # seconds that a client has to read the rest, once both have closed
MESSAGES = {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}


class Sockets:
    """In place of Daphne's factory of WebSockets."""

    def __init__(self, server):
        self._server = server

    def buildProtocol(self, address):
        return WebSocket(self._server)


class WebSocket(Protocol):
    """One socket, and the way out for the application, which finds it in its scope."""

    _queue: asyncio.Queue[dict] | None = None  # to the application
    _response: Response | None = None  # to the handshake; goes out when the application accepts
    _open = False
    _cut = False  # what it sends is of no interest any more
    _closed = False  # the client has said that it closes
    _paused = False  # it is not read
    _held = False  # too much waits for the application
    _released = 0.0
    _flood_began = 0.0
    _flood_ends: asyncio.TimerHandle | None = None
    _turn: asyncio.Handle | None = None  # takes what has come, when others have had theirs
    _abort: asyncio.TimerHandle | None = None
    _patience: float | None = None  # seconds that it has left to end, once it ends
    _pinged: float | None = None

    def __init__(self, server):
        self.server = server
        self._wire = ServerProtocol(max_size=server.terms.frame_bytes)
        self._inward = Inward(self._wire)

    # --- what the transport calls ----------------------------------------------------------------
    def connectionMade(self):
        self._opened = self._heard = _now()
        self._outward = way_out(self.transport)
        self.server.protocol_connected(self)

    def dataReceived(self, data):
        self._heard, self._pinged = _now(), None
        self._inward.put(data)
        if self._turn is None and not self._held:
            self._take_some()

    def connectionLost(self, reason):
        self._open, self._cut = False, True
        self._inward.clear()
        self._outward.stopProducing()
        for timer in self._flood_ends, self._turn, self._abort:
            if timer:
                timer.cancel()
        self.server.protocol_disconnected(self)
        if self._queue:
            self._wire.receive_eof()
            self._queue.put_nowait({"type": "websocket.disconnect", "code": self._wire.close_code})
            self._log("disconnected")
        vars(self._wire).clear()  # its parser refers to it: only gc would free them

    # --- the handshake ---------------------------------------------------------------------------
    def _arrive(self, request: Request):
        response = self._wire.accept(request)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self._answer(response)
            vars(request).clear()  # it refers to what was wrong, which refers to it
            return
        self._response = response
        scope = described(request, self.transport, self.server.root_path)
        self._visit = {"path": scope["path"], "client": scope["client"] and scope["client"][0]}
        self._log("connecting")
        self._queue = self.server.create_application(self, scope)
        self._queue.put_nowait({"type": "websocket.connect"})

    def _accept(self, message: dict):
        if self._response:
            self._answer(self._response)
            self._log("connected")
            self._take_some()  # what came early

    def _refuse(self, status: int):
        if self._response:
            self._answer(self._wire.reject(status, ""))
            self._log("rejected")

    def _answer(self, response: Response):
        self._response = None
        self._wire.send_response(response)
        self._flush()

    # --- inward ----------------------------------------------------------------------------------
    def _take_some(self):
        """Take a few of the frames that have come; then others have their turn."""
        self._turn = None
        for _ in range(IN_A_ROW):
            event = None if self._held or self._response else self._inward.take()
            if event is None:
                break
            TAKE[type(event)](self, event)
        self._flush()
        self._go_on()

    def _go_on(self):
        """Read on where all was taken."""
        if self._response:
            if self._inward.unread > EARLY_BYTES:
                self.transport.abortConnection()
            return
        more = bool(self._inward)
        if more and not self._held:
            self._turn = asyncio.get_running_loop().call_soon(self._take_some)
        if self._paused is not (more or self._held):
            self._paused = not self._paused
            (self.transport.pauseProducing if self._paused else self.transport.resumeProducing)()

    def _take(self, frame: Frame):
        if frame.opcode in MESSAGES:
            self._read(frame)
        elif frame.opcode is Opcode.CLOSE:
            self._closed = True

    def _read(self, frame: Frame):
        try:
            event = self._inward.message(frame)
        except UnicodeDecodeError:
            self._fail(CloseCode.INVALID_DATA)
            return
        if event and not self._cut:
            self._queue.put_nowait(event)
            if self._queue.qsize() >= UNREAD_FRAMES:
                self._hold()

    def counted(self, receive: Callable[[], Awaitable[dict]]) -> Callable[[], Awaitable[dict]]:
        """The application's `receive`, which lets this socket be read again."""

        async def taken():
            event = await receive()
            if self._held and self._queue.qsize() <= UNREAD_FRAMES // 2:
                self._release()
            return event

        return taken

    def _hold(self):
        now = _now()
        if now > self._released + BREATH:
            self._flood_began = now
        self._held = True
        self._flood_ends = asyncio.get_running_loop().call_later(
            self._flood_began + FLOOD - now, self._say_bye, self.server.terms.flood
        )

    def _release(self):
        self._flood_ends.cancel()
        self._held = False
        self._released = _now()
        self._turn = self._turn or asyncio.get_running_loop().call_soon(self._take_some)

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

    def _look_at_unsent(self):
        if self._outward.unsent > UNREAD_BYTES and not self._cut:
            self._say_bye(self.server.terms.slow)

    def _flush(self):
        """Send what the wire has to say, and end where all is said."""
        over = False
        for data in self._wire.data_to_send():
            if data == SEND_EOF:
                over = True
            else:
                self._outward.write(data)
        self._look_at_unsent()
        state = self._wire.state
        self._open = state is State.OPEN
        if self._closed or (over and state is State.CONNECTING):
            self._end(LINGER, self._outward.finish)
        elif state is State.CLOSING and (self._cut or not self._inward):
            self._end(CLOSING, self._outward.half_finish)

    # --- ends ------------------------------------------------------------------------------------
    def _say_bye(self, goodbye: Goodbye):
        """Close; who doesn't read that in time is cut."""
        self._cut = True
        self.write(goodbye.text)
        self._close(goodbye.code)
        if self._held:
            self._release()  # for the client's answer

    def _close(self, code: int):
        self._cut = True
        if self._open:
            self._wire.send_close(code)
            self._flush()

    def _fail(self, code: int):
        self._cut = True
        self._wire.fail(code)
        self._flush()

    def _end(self, patience: float, how: Callable[[], None]):
        """End so, and abruptly when its time is up."""
        if patience == self._patience:
            return
        self._patience = patience
        if self._abort:
            self._abort.cancel()
        self._abort = asyncio.get_running_loop().call_later(
            patience, self.transport.abortConnection
        )
        how()

    # --- what Daphne's server calls --------------------------------------------------------------
    def handle_reply(self, message: dict):
        REPLIES[message["type"]](self, message)

    def handle_exception(self, exception: Exception):
        """The application has broken."""
        self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR)
        if self._open:
            self._fail(CloseCode.INTERNAL_ERROR)

    def check_timeouts(self):
        """Called every two seconds."""
        now = _now()
        if self._response:
            if now - self._opened > self.server.websocket_connect_timeout:
                self._refuse(HTTPStatus.FORBIDDEN)
        elif self._open and self._pinged is None:
            if now - self._heard > self.server.ping_interval:
                self._pinged = now
                self._wire.send_ping(b"")
                self._flush()
        elif self._open and now - self._pinged > self.server.ping_timeout:
            self.transport.abortConnection()

    def _send(self, message: dict):
        self.write(message["text"])

    def _close_or_refuse(self, message: dict):
        self._refuse(HTTPStatus.FORBIDDEN)
        self._close(message.get("code") or CloseCode.NORMAL_CLOSURE)

    def _deny(self, message: dict):
        """ASGI's Websocket Denial Response. The body is not sent."""
        self._refuse(message["status"])

    def _log(self, action: str):
        self.server.log_action("websocket", action, self._visit)


TAKE = {Request: WebSocket._arrive, Frame: WebSocket._take}
REPLIES = {
    "websocket.accept": WebSocket._accept,
    "websocket.send": WebSocket._send,
    "websocket.close": WebSocket._close_or_refuse,
    "websocket.http.response.start": WebSocket._deny,
    "websocket.http.response.body": lambda socket, message: None,
}


@lru_cache(maxsize=4)
def _framed(text: str) -> bytes:
    """A server's text frame. One that goes to many is made once."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


def _now() -> float:
    return asyncio.get_running_loop().time()
