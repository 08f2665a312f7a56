"""How fast, and how many: what one client may take from the others.

Counted in each process by itself: with several processes the limits are that many times as wide.
"""

import ipaddress
import time
from collections import Counter, OrderedDict

from django.conf import settings
from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from chat.protocol import FrameError

SWEEP = 30.0  # seconds
RETURNS = RateLimitItemPerMinute(30)
REMEMBERED = 10_000  # members who have just joined


class Rates:
    """Rates by key, in a moving window."""

    def __init__(self):
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._swept = time.monotonic()
        self._clock = time.time()
        self._joined: OrderedDict[tuple[str, str], None] = OrderedDict()

    def join(self, address: str | None, member_id: str | None = None) -> None:
        """Someone at `address` joins or takes a name. Raises `FrameError("rate_limited")`.

        A member who has joined there before uses up a small budget of their own: a page that is
        cut again and again takes nothing from its neighbours. Each member's first join counts
        against the address, so many cookies bring an abuser no more than many first joins.
        """
        back = (network(address), member_id)
        if back in self._joined and settings.CHAT_JOIN_RATE:
            self._hit(RETURNS, "rate_limited", "return", *back)
        else:
            self._hit(settings.CHAT_JOIN_RATE, "rate_limited", "join", network(address))
        if member_id:
            self._joined[back] = None
            self._joined.move_to_end(back)
            if len(self._joined) > REMEMBERED:
                self._joined.popitem(last=False)

    def post(self, member_id: str, room: dict) -> None:
        """A member posts. Raises `FrameError`, `rate_limited` or `slow_mode`."""
        self._hit(settings.CHAT_POST_RATE, "rate_limited", "post", member_id)
        if room["mode"] == "slow":
            slow = RateLimitItemPerSecond(1, max(1, room["slow_seconds"]))
            self._hit(slow, "slow_mode", "slow", member_id)

    def _hit(self, rate: RateLimitItem | None, code: str, *key: str) -> None:
        self._sweep()
        self._heed_clock()
        if rate is None or self._limiter.hit(rate, *key):
            return
        again = self._limiter.get_window_stats(rate, *key).reset_time - time.time()
        raise FrameError(code, retry_after=round(max(0.1, again), 1))

    def _sweep(self) -> None:
        """Forget who was not here for a while: limits 5.8 keeps an empty list of each for ever."""
        if time.monotonic() < self._swept + SWEEP:
            return
        self._swept = time.monotonic()
        events = self._storage.events
        for key in [key for key, entries in list(events.items()) if not entries]:
            events.pop(key, None)

    def _heed_clock(self) -> None:
        """Begin anew where the clock was set back: all would be too fast until it is back."""
        now = time.time()
        if now < self._clock - 1:
            self._storage.reset()
        self._clock = now


class Doorkeeper:
    """Counts sockets, in all and by address."""

    def __init__(self):
        self._by_address: Counter[str] = Counter()

    def admit(self, address: str | None) -> bool:
        """Whether one more socket may open; `dismiss` undoes it."""
        key = network(address)
        total, own = settings.CHAT_SOCKETS, settings.CHAT_SOCKETS_PER_ADDRESS
        if total and self._by_address.total() >= total:
            return False
        if own and self._by_address[key] >= own:
            return False
        self._by_address[key] += 1
        return True

    def dismiss(self, address: str | None) -> None:
        key = network(address)
        self._by_address[key] -= 1
        if not self._by_address[key]:
            del self._by_address[key]


def network(address: str | None) -> str:
    """What is counted as one client: an IPv4 address, or an IPv6 network of 64 bits."""
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if ip.version == 4:
        return str(ip)
    return str(ipaddress.ip_network((ip.packed[:8] + bytes(8), 64)))


rates = Rates()
doorkeeper = Doorkeeper()
