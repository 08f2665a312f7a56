"""This process's one channel in the one global group: how processes give each other hints.

A hint may be lost, doubled or late: the log is the truth. A stock Channels group has a channel
for each socket, which costs 200 to 600 µs CPU a recipient; with one for each process that is paid
once a batch. Nothing here ever waits for the channel layer longer than `TIMEOUT`.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable
from typing import Any

from channels.layers import get_channel_layer

from chat.relay.work.outage import Outage, reason

GROUP = "room"
TIMEOUT = 1.0  # seconds
ADD_AGAIN = 20.0  # the in-memory layer forgets members
SILENCE = 50.0  # our own hints come back to us: so long without any, and nothing would come
STEADY = 20.0  # seconds without a failure until it is back: each process sends something in 15
BACKLOG = 1000  # hints that wait while the layer is slow; the oldest are dropped
Hint = dict[str, Any]
logger = logging.getLogger(__name__)


async def nudge() -> None:
    """Ask every process to look at the database now, not at the next turn. It may be lost."""
    try:
        async with asyncio.timeout(TIMEOUT):
            await get_channel_layer().group_send(GROUP, {"type": "look"})
    except Exception as error:
        logger.warning("the channel layer can't be reached: %s", reason(error))


def _ignore(hint: Hint) -> None:
    pass


class Group:
    """Sends hints to every process and hands theirs to a table of handlers."""

    def __init__(self) -> None:
        self._process = secrets.token_hex(8)
        self._layer = get_channel_layer()
        self._handlers: dict[str, Callable[[Hint], None]] = {}
        self._outgoing: asyncio.Queue[Hint] = asyncio.Queue()
        self._down = False
        self._outage = Outage("the channel layer can't be reached", "the channel layer is back")
        self._failed_at = 0.0  # by the loop's clock
        self._echo = asyncio.Event()
        self.on("echo", lambda hint: self._echo.set())
        self.channel_name: str | None = None
        self.tasks = (self._listen, self._send, self._keep)

    def on(self, kind: str, handler: Callable[[Hint], None]) -> None:
        """Hand hints of this type to `handler`."""
        self._handlers[kind] = handler

    def publish(self, hint: Hint) -> None:
        """Send `hint` soon, to all other processes."""
        if self._outgoing.qsize() >= BACKLOG:
            self._outgoing.get_nowait()
            self._outgoing.task_done()
        self._outgoing.put_nowait(hint | {"process": self._process})

    async def add(self) -> None:
        """Put the process's channel into the group, if the layer can be reached. Adding again is
        free."""
        if self.channel_name is None or self._down:
            return  # it will be, as soon as that is possible
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._layer.group_add(GROUP, self.channel_name)
        except Exception as error:
            self._lost(error)

    async def answers(self) -> bool:
        """Whether what this process sends to its own channel comes back in time.

        To be asked by one at a time.
        """
        if self.channel_name is None:
            return False  # not yet
        self._echo.clear()
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._layer.send(self.channel_name, {"type": "echo"})
                await self._echo.wait()
        except Exception as error:
            self._lost(error)
            return False
        return True

    async def drained(self) -> None:
        """Wait until what was published has been sent, or lost."""
        await self._outgoing.join()

    async def _send(self) -> None:
        """Publish what waits, until cancelled."""
        while True:
            hint = await self._outgoing.get()
            try:
                async with asyncio.timeout(TIMEOUT):
                    await self._layer.group_send(GROUP, hint)
            except Exception as error:
                self._lost(error)
            self._outgoing.task_done()

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
                await self._let_go()
                await asyncio.sleep(TIMEOUT)

    async def _let_go(self) -> None:
        """Leave no channel behind: it would gather what nobody reads, for ever."""
        self.channel_name = None
        with contextlib.suppress(Exception):
            async with asyncio.timeout(TIMEOUT):
                await self._layer.flush()

    async def _keep(self) -> None:
        """Add the channel again from time to time, and say something, until cancelled."""
        while True:
            await asyncio.sleep(ADD_AGAIN)
            await self.add()
            self.publish({"type": "alive"})

    async def _receive(self, channel: str) -> None:
        """Raises `TimeoutError` where the layer has lost the channel without a word: it takes it
        for a member still, so that adding it again changes nothing."""
        while True:
            async with asyncio.timeout(SILENCE):
                hint = await self._layer.receive(channel)
            self._found()
            if hint is None:
                continue  # it was none of ours: see chat/relay/layer.py
            if hint.get("process") == self._process:
                continue
            try:
                # An unknown one is from a newer process, during a deploy.
                self._handlers.get(hint["type"], _ignore)(hint)
            except Exception:
                logger.exception("a hint could not be used")

    def _lost(self, error: Exception) -> None:
        self._down = True
        self._failed_at = asyncio.get_running_loop().time()
        self._outage.begins(error)

    def _found(self) -> None:
        """It works, this way. A Redis that has as many clients as it allows takes one of our
        connections and not the other, in turns: that is one outage."""
        self._down = False
        if asyncio.get_running_loop().time() - self._failed_at > STEADY:
            self._outage.ends()
