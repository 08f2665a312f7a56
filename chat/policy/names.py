"""How many new names one address may take. Counted in each process by itself.

Whoever comes back under the name they had takes none, so a page that reconnects all day needs one.
"""

import math

from django.conf import settings

from chat.policy import addresses
from chat.policy.buckets import Buckets
from chat.protocol.errors import FrameError


class NameLimiter:
    """Counts by address what is new there: a name that its member didn't have before."""

    def __init__(self) -> None:
        self._taken = Buckets()

    def refusal(self, address: str | None) -> FrameError | None:
        """What to answer to who wants a new name, where there have been too many."""
        rate = settings.CHAT_NAME_RATE
        if rate is None:
            return None
        wait = self._taken.wait(addresses.key(address), rate.amount, rate.get_expiry())
        words = "Too many names were taken at this address."
        return FrameError("rate_limited", words, retry_after=math.ceil(wait)) if wait else None

    def took(self, address: str | None) -> None:
        """Somebody there has a new name."""
        if rate := settings.CHAT_NAME_RATE:
            self._taken.take(addresses.key(address), rate.amount, rate.get_expiry())


name_limiter = NameLimiter()
