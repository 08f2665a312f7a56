"""How many sockets, in all and from one address; counted in each process by itself.

While more than half are free, an address may have what the setting says; of the rest the less, the
fewer are free. So if a hundred addresses gather to fill the room, somebody else still comes in.
"""

from collections import Counter

from django.conf import settings

from chat.policy import addresses
from chat.policy.refusals import refusals
from chat.protocol.errors import FrameError

AT_LEAST = 4  # for an address, however few are free
AGAIN = 30.0  # seconds


class ConnectionLimiter:
    """Counts sockets, in all and by address."""

    def __init__(self) -> None:
        self._by_network: Counter[str] = Counter()
        self._total = 0  # to add them up costs more than a join

    def admit(self, address: str | None) -> None:
        """One more socket; `release` undoes it.

        Raises `FrameError`: `rate_limited` where the address has too many, `busy` where it is the
        room that is full.
        """
        counted, own = addresses.shares(address), self._own()
        if settings.CHAT_SOCKETS and self._total >= settings.CHAT_SOCKETS:
            raise _full(address)
        if own and any(self._by_network[key] >= own * share for key, share in counted):
            if own < settings.CHAT_SOCKETS_PER_ADDRESS:
                raise _full(address)
            refusals.note(address, "sockets, too many")
            raise FrameError("rate_limited", "Too many are connected here.", retry_after=AGAIN)
        self._by_network.update(key for key, _ in counted)
        self._total += 1

    def _own(self) -> float:
        """How many an address may have now; 0: no limit."""
        own: int = settings.CHAT_SOCKETS_PER_ADDRESS
        if not (own and settings.CHAT_SOCKETS and settings.CHAT_LIMITS):
            return settings.CHAT_LIMITS and own
        free = min(1.0, 2 * (1 - self._total / settings.CHAT_SOCKETS))
        return min(own, max(AT_LEAST, own * free * free))

    def release(self, address: str | None) -> None:
        self._total -= 1
        for key, _ in addresses.shares(address):
            self._by_network[key] -= 1
            if not self._by_network[key]:
                del self._by_network[key]


def _full(address: str | None) -> FrameError:
    refusals.note(address, "sockets, the room is full")
    return FrameError("busy", "The room is full at the moment.", retry_after=AGAIN)


connection_limiter = ConnectionLimiter()
