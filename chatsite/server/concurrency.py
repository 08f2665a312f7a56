"""How many requests of one address, and of all, are at work at the same time; others wait in line.

A page takes some milliseconds of the one thread that serves all. Who sends a thousand requests at
once would have that thread to themselves for seconds; so they wait for each other, not the others
for them. Between two of them everybody else has a turn, and the addresses take turns.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

from chatsite.server.door import networks
from chatsite.server.terms import Terms
from chatsite.server.transport import Transport

ADDRESSES = 4  # as much as so many may have is at work in all
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
        self._ready: dict[bytes, None] = {}  # addresses, of which some may wait
        self._at_work = 0

    def begin(self, transport: Transport, address: str | None, work: Callable[[], None]) -> None:
        """Call `work`: at once where so few are at work for `address`, else in its turn."""
        counted = networks(address)
        if not self._at_once or not counted:
            work()
            return
        key = self._key[transport] = counted[0]
        line = self._lines.setdefault(key, Line())
        line.waiting[transport] = work
        self._ready.setdefault(key)
        self._next()

    def end(self, transport: Transport) -> None:
        """It is done, waits for something else, or is gone; one that has ended is no matter."""
        key = self._key.pop(transport, None)
        if key is None:
            return
        line = self._lines[key]
        line.waiting.pop(transport, None)
        if timer := line.at_work.pop(transport, None):
            timer.cancel()
            self._at_work -= 1
            asyncio.get_running_loop().call_soon(self._next)
        if not line.waiting:
            self._ready.pop(key, None)
            if not line.at_work:
                del self._lines[key]

    def _next(self) -> None:
        """Begin one, of the address that comes next."""
        if self._at_work >= ADDRESSES * self._at_once:
            return
        for key in list(islice(self._ready, ADDRESSES + 1)):  # fewer have all that they may
            line = self._lines[key]
            del self._ready[key]
            if len(line.waiting) > 1 or len(line.at_work) >= self._at_once:
                self._ready[key] = None
            if len(line.at_work) < self._at_once:
                self._begin(line)
                return

    def _begin(self, line: Line) -> None:
        transport, work = next(iter(line.waiting.items()))
        del line.waiting[transport]
        loop = asyncio.get_running_loop()
        line.at_work[transport] = loop.call_later(AT_MOST, self.end, transport)
        self._at_work += 1
        work()
