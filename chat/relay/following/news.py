"""Who waits until something has happened."""

import asyncio
import contextlib
from collections.abc import Callable


class News:
    """Wakes all who wait, at each thing that happens, and lets them go at the end."""

    def __init__(self) -> None:
        self._next = asyncio.Event()  # set, and replaced, when something happens
        self._ended = False

    def tell(self) -> None:
        self._next.set()
        self._next = asyncio.Event()

    def end(self) -> None:
        """Nobody waits any more."""
        self._ended = True
        self.tell()

    async def wait(self, nothing_new: Callable[[], bool], seconds: float) -> None:
        """Wait while there is nothing new, at most so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while nothing_new() and not self._ended:
                    await self._next.wait()
