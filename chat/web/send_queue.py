"""How frames leave a socket: without waiting, in order.

Under our own Daphne the socket itself is the send queue (chatsite/server/websocket.py): a frame is
written at once. ASGI's `send` may wait for the network, and a relay that waits for one client makes
all others wait: under another server each socket has a queue and a task that empties it.
"""

import asyncio
import logging
from typing import Protocol

from chat.web.asgi import Message, Send

EXTENSION = "simplechat.send_queue"  # in the scope's `extensions`: a `SendQueue`
CAPACITY = 1000  # frames
MANY = 50  # frames that wait: it is behind
logger = logging.getLogger(__name__)


class SendQueue(Protocol):
    def write(self, text: str) -> bool:
        """Send a text frame, after all those before. False: much waits. Raises `Clogged`."""

    async def flushed(self) -> None:
        """Wait until what was written has left."""

    def stop(self) -> None:
        """Nothing more will be written."""


class Clogged(Exception):
    """The client doesn't read: too much waits for it."""


class AsgiSendQueue:
    """Writes to a bounded queue, which a task of its own sends from."""

    def __init__(self, send: Send):
        self._send = send
        self._queue: asyncio.Queue[str] = asyncio.Queue(CAPACITY)
        self._task = asyncio.create_task(self._run())

    def write(self, text: str) -> bool:
        try:
            self._queue.put_nowait(text)
        except asyncio.QueueFull:
            raise Clogged from None
        return self._queue.qsize() < MANY

    async def flushed(self) -> None:
        await self._queue.join()

    def stop(self) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            text = await self._queue.get()
            try:
                await self._send({"type": "websocket.send", "text": text})
            except Exception as error:  # closed by the other side; `disconnect` follows
                logger.debug("a frame could not be sent: %r", error)
            self._queue.task_done()


def make_send_queue(scope: Message, send: Send) -> SendQueue:
    ours: SendQueue | None = (scope.get("extensions") or {}).get(EXTENSION)
    return ours or AsgiSendQueue(send)
