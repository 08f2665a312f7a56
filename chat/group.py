"""This process's one channel in the one global group: how processes give each other hints.

A hint may be lost, doubled or late: the log is the truth. A stock Channels group has a channel
for each socket, which costs 200 to 600 µs CPU a recipient; with one for each process that is paid
once a batch. Nothing here ever waits for the channel layer longer than `TIMEOUT`.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable

from channels.layers import get_channel_layer

GROUP = "room"
TIMEOUT = 1.0  # seconds
ADD_AGAIN = 60.0  # the in-memory layer forgets members, and a subscription may be lost
BACKLOG = 1000  # hints that wait while the layer is slow; the oldest are dropped
logger = logging.getLogger(__name__)


class Group:
    """Sends hints to every process and hands those that come to a table of handlers."""

    def __init__(self):
        self.process = secrets.token_hex(8)  # tells one's own hints from the others'
        self._layer = get_channel_layer()
        self._handlers: dict[str, Callable[[dict], None]] = {}
        self._outgoing: asyncio.Queue[tuple[dict, Callable[[], None] | None]] = asyncio.Queue()
        self._down = False
        self.channel_name: str | None = None
        self.tasks = (self._listen, self._send, self._keep)

    def on(self, kind: str, handler: Callable[[dict], None]) -> None:
        """Hand hints of this type to `handler`."""
        self._handlers[kind] = handler

    def publish(self, hint: dict, lost: Callable[[], None] | None = None) -> None:
        """Send `hint` soon, to all processes, this one included. `lost` is called if it failed."""
        if self._outgoing.qsize() >= BACKLOG:
            self._outgoing.get_nowait()
        self._outgoing.put_nowait((hint | {"process": self.process}, lost))

    async def add(self) -> None:
        """Put the process's channel into the group, if the layer can be reached. Adding again is
        free."""
        if self.channel_name is None or self._down:
            return  # `_listen` is at it
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._layer.group_add(GROUP, self.channel_name)
        except Exception as error:
            self._lost(error)

    async def _send(self) -> None:
        """Publish what waits, until cancelled."""
        while True:
            hint, lost = await self._outgoing.get()
            try:
                async with asyncio.timeout(TIMEOUT):
                    await self._layer.group_send(GROUP, hint)
            except Exception as error:
                self._lost(error)
                if lost:
                    lost()

    async def _listen(self) -> None:
        """Receive hints until cancelled, whatever happens to the channel layer."""
        while True:
            try:
                async with asyncio.timeout(TIMEOUT):
                    self.channel_name = await self._layer.new_channel()
                    await self._layer.group_add(GROUP, self.channel_name)
                self._found()
                await self._receive(self.channel_name)
            except Exception as error:
                self._lost(error)
                await asyncio.sleep(TIMEOUT)

    async def _keep(self) -> None:
        """Add the channel again from time to time, until cancelled."""
        while True:
            await asyncio.sleep(ADD_AGAIN)
            await self.add()

    async def _receive(self, channel: str) -> None:
        while True:
            hint = await self._layer.receive(channel)
            self._found()
            handler = self._handlers.get(hint.get("type"))
            if handler is None:
                continue  # from a newer process, during a deploy
            try:
                handler(hint)
            except Exception:
                logger.exception("a hint of type %s could not be used", hint["type"])

    def _lost(self, error: Exception) -> None:
        if not self._down:  # one line an outage
            logger.warning("the channel layer can't be reached: %r", error)
        self._down = True

    def _found(self) -> None:
        if self._down:
            logger.info("the channel layer is back")
        self._down = False
