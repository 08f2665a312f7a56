"""Who is refused for being too fast hears that at a pace: an answer is work, too.

Otherwise whoever comes again at once, by a new connection, gets a thousand refusals a second, and
with them most of the one thread that serves all. A connection that waits for its answer costs
nothing, and how many of these an address may have is bounded (door.py).
"""

import asyncio
from collections import Counter
from collections.abc import Callable

from chatsite.server.door import networks

PER_SECOND = 50  # refusals of one address; a lone one is answered at once


class Refusing:
    """Counts the refusals of each address that have not been said yet."""

    def __init__(self) -> None:
        self._unsaid: Counter[bytes] = Counter()

    def say(self, address: str | None, refuse: Callable[[], None]) -> None:
        """Call `refuse` when those before have been said."""
        key = next(iter(networks(address)), b"")
        before = self._unsaid[key] / PER_SECOND
        self._unsaid[key] += 1
        asyncio.get_running_loop().call_later(before, self._say, key, refuse)

    def _say(self, key: bytes, refuse: Callable[[], None]) -> None:
        self._unsaid[key] -= 1
        if not self._unsaid[key]:
            del self._unsaid[key]
        refuse()
