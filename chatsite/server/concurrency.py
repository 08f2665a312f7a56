"""How many requests of one address are at work at the same time; the others wait in line.

A page takes some milliseconds of the one thread that serves all. Who sends a thousand requests at
once would have that thread to themselves for seconds; so they wait for each other, not the others
for them. Between two of them everybody else has a turn.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from chatsite.server.door import networks
from chatsite.server.terms import Terms
from chatsite.server.transport import Transport

AT_MOST = 1.0  # seconds that one keeps others waiting: what takes longer waits itself, mostly


@dataclass
class Line:
    """Of one address."""

    at_work: dict[Transport, asyncio.TimerHandle] = field(default_factory=dict)
    waiting: dict[Transport, Callable[[], None]] = field(default_factory=dict)


class Concurrency:
    """Knows of each connection what it does: a connection has one request at a time."""

    def __init__(self, terms: Terms) -> None:
        self._at_once = terms.requests_at_once
        self._lines: dict[bytes, Line] = {}
        self._key: dict[Transport, bytes] = {}

    def begin(self, transport: Transport, address: str | None, work: Callable[[], None]) -> None:
        """Call `work`: at once where so few are at work for `address`, else in its turn."""
        counted = networks(address)
        if not self._at_once or not counted:
            work()
            return
        key = self._key[transport] = counted[0]
        line = self._lines.setdefault(key, Line())
        line.waiting[transport] = work
        if len(line.waiting) == 1:
            self._next(key)

    def end(self, transport: Transport) -> None:
        """It is done, waits for something else, or is gone; one that has ended is no matter."""
        key = self._key.pop(transport, None)
        if key is None:
            return
        line = self._lines[key]
        line.waiting.pop(transport, None)
        if timer := line.at_work.pop(transport, None):
            timer.cancel()
        if line.waiting:
            asyncio.get_running_loop().call_soon(self._next, key)
        elif not line.at_work:
            del self._lines[key]

    def _next(self, key: bytes) -> None:
        line = self._lines.get(key)
        if line is None or not line.waiting or len(line.at_work) >= self._at_once:
            return
        transport, work = next(iter(line.waiting.items()))
        del line.waiting[transport]
        loop = asyncio.get_running_loop()
        line.at_work[transport] = loop.call_later(AT_MOST, self.end, transport)
        work()
