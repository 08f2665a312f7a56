"""How many sockets, in all and from one address; counted in each process by itself.

The emptier the process, the more an address may have: at most a part of what is still free. So
however many addresses gather to fill it, somebody else still comes in.
"""

from collections import Counter

from django.conf import settings

from chat.policy import addresses
from chat.policy.refusals import refusals
from chat.protocol.errors import FrameError

PART = 1 / 10  # of the sockets that are free, for one address
AT_LEAST = 8  # for an address, however few are free
AGAIN = 30.0  # seconds


class ConnectionLimiter:
    """Counts sockets, in all and by address."""

    def __init__(self) -> None:
        self._by_network: Counter[str] = Counter()
        self._total = 0  # to add them up costs more than a join

    def admit(self, address: str | None) -> None:
        """One more socket; `release` undoes it.

        Raises `FrameError`: `rate_limited` where the address has too many, `busy` where the room
        is full.
        """
        counted = addresses.shares(address)
        if settings.CHAT_SOCKETS and self._is_full(counted, settings.CHAT_SOCKETS):
            refusals.note(address, "sockets, the room is full")
            raise FrameError("busy", "The room is full at the moment.", retry_after=AGAIN)
        own = settings.CHAT_LIMITS and settings.CHAT_SOCKETS_PER_ADDRESS
        if own and any(self._by_network[key] >= own * share for key, share in counted):
            refusals.note(address, "sockets, too many")
            raise FrameError("rate_limited", "Too many are connected here.", retry_after=AGAIN)
        self._by_network.update(key for key, _ in counted)
        self._total += 1

    def _is_full(self, counted: tuple[tuple[str, int], ...], most: int) -> bool:
        """Whether there is room for one more of these networks."""
        free = most - self._total
        if not settings.CHAT_LIMITS:
            return free <= 0
        own = max(AT_LEAST, free * PART)
        return free <= 0 or any(self._by_network[key] >= own * share for key, share in counted)

    def release(self, address: str | None) -> None:
        self._total -= 1
        for key, _ in addresses.shares(address):
            self._by_network[key] -= 1
            if not self._by_network[key]:
                del self._by_network[key]


connection_limiter = ConnectionLimiter()
