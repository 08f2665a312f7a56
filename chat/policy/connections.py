"""How many sockets, in all and from one address; counted in each process by itself."""

from collections import Counter

from django.conf import settings

from chat.policy import addresses


class ConnectionLimiter:
    """Counts sockets, in all and by address."""

    def __init__(self) -> None:
        self._by_address: Counter[str] = Counter()
        self._total = 0  # to add them up costs more than a join

    def admit(self, address: str | None) -> bool:
        """Whether one more socket may open; `release` undoes it."""
        key = addresses.key(address)
        total, own = settings.CHAT_SOCKETS, settings.CHAT_SOCKETS_PER_ADDRESS
        if total and self._total >= total:
            return False
        if own and self._by_address[key] >= own:
            return False
        self._by_address[key] += 1
        self._total += 1
        return True

    def release(self, address: str | None) -> None:
        key = addresses.key(address)
        self._by_address[key] -= 1
        self._total -= 1
        if not self._by_address[key]:
            del self._by_address[key]


connection_limiter = ConnectionLimiter()
