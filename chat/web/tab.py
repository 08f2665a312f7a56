"""A client's socket, as the relay knows it: whose it is, and the frames on their way to it."""

import asyncio
import contextlib

from chat.members import cookie
from chat.protocol import bounds, outgoing
from chat.protocol.errors import FrameError
from chat.protocol.incoming import ClientFrame
from chat.web.access import Client
from chat.web.asgi import Message, Send
from chat.web.send_queue import Clogged, make_send_queue

FAREWELL = 5.0  # seconds that a `bye` may take


class Tab(Client):
    """A socket's client, to which frames are sent without waiting (chat/relay/socket.py).

    `name` is set while it has joined under one. Whatever happens, it is closed once.
    """

    def __init__(self, scope: Message, send: Send):
        address = (scope.get("client") or [None])[0]
        super().__init__(address, cookie.member_of_headers(scope["headers"]))
        self.name: str | None = None
        self._send = send
        self._queue = make_send_queue(scope, send)
        self._closing: asyncio.Task[None] | None = None

    @property
    def closing(self) -> bool:
        """Nothing more is sent."""
        return self._closing is not None

    # --- what the relay calls --------------------------------------------------------------------
    def send_text(self, text: str) -> bool:
        if self._closing:
            return True
        try:
            return self._queue.write(text)
        except Clogged:
            self._close("slow", 0)
            return True

    def renamed(self, name: str) -> None:
        self.send_text(outgoing.you(self.member_id, name))

    def dismiss(self, code: str, message: str, retry_after: float | None = None) -> None:
        self.send_text(outgoing.bye(code, message, retry_after))
        self._close(code, FAREWELL)

    # --- what the consumer calls -----------------------------------------------------------------
    def refuse(self, wrong: FrameError, frame: ClientFrame | None) -> None:
        """Answer a frame, None where it could not be read, by what is wrong with it."""
        if frame is not None:
            wrong.kind, wrong.nonce = frame.kind, frame.nonce
        self.send_text(outgoing.refusal(wrong))

    async def flushed(self) -> None:
        """Wait until what was written has left."""
        await self._queue.flushed()

    def stop(self) -> None:
        """The connection is over."""
        self._queue.stop()

    def _close(self, code: str, patience: float) -> None:
        """Close, once, when all has left or after so many seconds."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._flush_and_close(code, patience))

    async def _flush_and_close(self, code: str, patience: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.flushed(), patience)
        await self._send({"type": "websocket.close", "code": bounds.CLOSE_CODES[code]})
