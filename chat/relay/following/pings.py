"""Who asks where the log stands waits here for the next look at it."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator

GATHER = 1.0  # seconds between two looks for those who ask: a thousand pages ping 45 times a second
WAITING = 100_000  # who wait for a look
ANSWER = 3.0  # seconds that they wait at most: a page takes 5 s of silence for a dead socket


class Pings:
    """Gathers those who ask within a second: one look serves them all."""

    def __init__(self, look: Callable[[], None]):
        """`look` makes a look begin soon."""
        self._look = look
        self._waiting: list[Callable[[], None]] = []
        self._looked = 0.0  # when, by the loop's clock

    def ask(self, answer: Callable[[], None]) -> None:
        """Call `answer` when a look that begins after this moment is over; at the latest after
        `ANSWER`."""
        if len(self._waiting) >= WAITING:
            answer()
            return
        if not self._waiting:
            loop = asyncio.get_running_loop()
            loop.call_at(self._looked + GATHER, self._look)
            loop.call_later(ANSWER, _answer, self._waiting)
        self._waiting.append(answer)

    @contextlib.contextmanager
    def look(self) -> Iterator[None]:
        """Around a look: at its end, however it ends, those are answered who asked before it."""
        waiting, self._waiting = self._waiting, []
        self._looked = asyncio.get_running_loop().time()
        try:
            yield
        finally:
            _answer(waiting)


def _answer(waiting: list[Callable[[], None]]) -> None:
    """Answer each, once."""
    while waiting:
        waiting.pop()()
