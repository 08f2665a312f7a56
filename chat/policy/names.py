"""How many new names one address may take. Counted in each process by itself.

Whoever comes back under the name they had takes none, so a page that reconnects all day needs one.
"""

import math

from django.conf import settings
from limits import RateLimitItem

from chat.policy import addresses
from chat.policy.buckets import Buckets
from chat.protocol.errors import FrameError

TOO_MANY = "Too many names were taken at this address."


class NameLimiter:
    """Counts by address what is new there: a name that its member didn't have before."""

    def __init__(self) -> None:
        self._taken = Buckets()

    def reserve(self, address: str | None) -> FrameError | None:
        """Count one more; or, where there have been too many, what to answer to who wants it.

        It is counted before it is granted, as others may ask meanwhile.
        """
        rate = _rate()
        if rate is None:
            return None
        wait = self._taken.wait(addresses.key(address), rate.amount, rate.get_expiry())
        if wait:
            return FrameError("rate_limited", TOO_MANY, retry_after=math.ceil(wait))
        self.took(address)
        return None

    def took(self, address: str | None) -> None:
        """Somebody there has a new name for which nothing is reserved any more."""
        if rate := _rate():
            self._taken.take(addresses.key(address), rate.amount, rate.get_expiry())

    def give_back(self, address: str | None) -> None:
        """What was reserved was not granted."""
        if rate := _rate():
            self._taken.give_back(addresses.key(address), rate.amount, rate.get_expiry())


def _rate() -> RateLimitItem | None:
    return settings.CHAT_NAME_RATE if settings.CHAT_LIMITS else None


name_limiter = NameLimiter()
