"""How often a password may be tried: asked before anything is hashed or stored.

By address, so whoever guesses locks nobody out but themselves: who logs in elsewhere always can.
"""

import math
import unicodedata

from django.conf import settings
from limits import RateLimitItemPerHour, RateLimitItemPerMinute

from chat.policy import addresses
from chat.policy.buckets import Buckets
from chat.protocol.errors import FrameError

BY_ADDRESS = RateLimitItemPerMinute(5)
BY_NAME = RateLimitItemPerHour(10)  # tries of one name at one address
LONGEST = 150  # characters of an account's name


class LogIns:
    """Counts tries, the successful ones too: a password that was guessed is known by then."""

    def __init__(self) -> None:
        self._by_address, self._by_name = Buckets(), Buckets()

    def try_address(self, address: str | None) -> None:
        """Somebody at `address` wants to log in. Raises `FrameError("rate_limited")`."""
        _take(self._by_address, addresses.key(address), BY_ADDRESS)

    def try_name(self, address: str | None, name: str) -> None:
        """Somebody at `address` tries a password for `name`. Raises as above."""
        _take(self._by_name, f"{addresses.key(address)} {_key(name)}", BY_NAME)


def _key(name: str) -> str:
    """The same for all that Django takes for one account: its form strips and normalises, and
    takes none that is longer."""
    return unicodedata.normalize("NFKC", name.strip()[:LONGEST]).strip().casefold()


def _take(buckets: Buckets, key: str, rate: RateLimitItemPerMinute | RateLimitItemPerHour) -> None:
    if not settings.CHAT_LIMITS:
        return
    if wait := buckets.wait(key, rate.amount, rate.get_expiry()):
        raise FrameError("rate_limited", retry_after=math.ceil(wait))
    buckets.take(key, rate.amount, rate.get_expiry())


log_ins = LogIns()
