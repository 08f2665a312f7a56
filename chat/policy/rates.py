"""How fast: what one client may take from the others.

Counted in each process by itself: with several processes the limits are that many times as wide.
"""

import math
from collections import OrderedDict
from typing import Any

from django.conf import settings
from limits import RateLimitItem, RateLimitItemPerMinute

from chat.policy import addresses
from chat.policy.buckets import Buckets
from chat.protocol.errors import FrameError

RETURNS = RateLimitItemPerMinute(30)
REMEMBERED = 10_000  # members who have just joined


class Rates:
    """Rates by key: so many in a row, and then as many again, evenly, in the time that is given."""

    def __init__(self) -> None:
        self._joins, self._returns, self._posts, self._slow = (Buckets() for _ in range(4))
        self._joined: OrderedDict[str, None] = OrderedDict()

    def join(self, address: str | None, member_id: str | None = None) -> None:
        """Someone at `address` joins or takes a name. Raises `FrameError("rate_limited")`.

        A member who has joined there before uses up a small budget of their own: a page that is
        closed again and again takes nothing from its neighbours. Each member's first join counts
        against the address, so many cookies bring an abuser no more than many first joins.
        """
        key = addresses.key(address)
        back = f"{key} {member_id}"
        if back in self._joined and settings.CHAT_JOIN_RATE:
            _take(back, _of_rate(self._returns, RETURNS))
        else:
            _take(key, _of_rate(self._joins, settings.CHAT_JOIN_RATE))
        if member_id:
            self._joined[back] = None
            self._joined.move_to_end(back)
            if len(self._joined) > REMEMBERED:
                self._joined.popitem(last=False)

    def post(self, member_id: str, room: dict[str, Any]) -> None:
        """A member posts. Raises `FrameError`, `rate_limited` or `slow_mode`."""
        asked = _of_rate(self._posts, settings.CHAT_POST_RATE)
        if room["mode"] == "slow":
            asked.append(("slow_mode", self._slow, 1, max(1, room["slow_seconds"])))
        _take(member_id, asked)


# The code of a refusal, then the buckets, and the tokens that come back in so many seconds.
Asked = tuple[str, Buckets, int, float]


def _of_rate(buckets: Buckets, rate: RateLimitItem | None) -> list[Asked]:
    return [("rate_limited", buckets, rate.amount, rate.get_expiry())] if rate else []


def _take(key: str, asked: list[Asked]) -> None:
    """Take a token of each, or of none: what is refused costs nothing."""
    for code, buckets, count, seconds in asked:
        if wait := buckets.wait(key, count, seconds):
            raise FrameError(code, retry_after=math.ceil(10 * wait) / 10)
    for _, buckets, count, seconds in asked:
        buckets.take(key, count, seconds)


rates = Rates()
