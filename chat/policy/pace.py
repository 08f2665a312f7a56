"""How much all together may say: who has said most has to wait first. Pure.

Each address counts by the widest network that it belongs to, so that nobody is many.
"""

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from limits import RateLimitItem

from chat.policy import addresses
from chat.policy.budgets import Ask

WINDOW = 10  # seconds that are looked back on
AGAIN = 1.0  # seconds after which who is refused may try again
FRESH = 0.1  # seconds for which a level that was found is good enough


def level(used: Iterable[int], most: float) -> float:
    """The height above which what was `used` has to be cut off so that `most` is left in all.

    Never less than an equal share; infinite where all of it is less than `most`.
    """
    rest = sorted(used)
    for index, amount in enumerate(rest):
        share = most / (len(rest) - index)
        if amount >= share:
            return share
        most -= amount
    return math.inf


class Pace:
    """So much in `WINDOW` seconds, for all together.

    Where that is used up, whoever has used less than the level goes on, and whoever has more waits.
    So it may be exceeded: by those who have said little, and never by more than their shares.
    """

    def __init__(self, why: str, clock: Callable[[], float] = time.monotonic):
        self.why = why
        self._clock = clock
        self._used: Counter[str] = Counter()
        self._slots: deque[tuple[int, Counter[str]]] = deque()  # by the second
        self._total = 0
        self._level, self._until = 0.0, 0.0

    def of(
        self, address: str | None, rate: RateLimitItem | None, cost: int, part: float = 1
    ) -> list[Ask]:
        """To ask `cost` for an address, where all may have `part` of `rate`, if there is one."""
        if rate is None:
            return []
        most = part * rate.amount / rate.get_expiry() * WINDOW
        return [Share(self, addresses.widest(address), most, cost)]

    def wait(self, key: str, most: float, cost: int) -> float:
        """0, or the seconds after which `key` may try again."""
        self._forget()
        if self._total + cost <= most or self._used[key] + cost <= self._found(most):
            return 0.0
        return AGAIN

    def take(self, key: str, cost: int) -> None:
        second = int(self._clock())
        if not self._slots or self._slots[-1][0] != second:
            self._slots.append((second, Counter()))
        self._slots[-1][1][key] += cost
        self._used[key] += cost
        self._total += cost

    def _found(self, most: float) -> float:
        now = self._clock()
        # With thousands of addresses it takes as long as a post does.
        if now >= self._until or math.isinf(self._level):
            self._level, self._until = level(self._used.values(), most), now + FRESH
        return self._level

    def _forget(self) -> None:
        """What is older than the window."""
        while self._slots and self._slots[0][0] <= self._clock() - WINDOW:
            _, old = self._slots.popleft()
            self._total -= old.total()
            self._used -= old  # drops those that are at 0


@dataclass(frozen=True, slots=True)
class Share:
    """What an address wants of a pace."""

    pace: Pace
    key: str
    most: float
    cost: int
    code: str = "rate_limited"

    @property
    def why(self) -> str:
        return self.pace.why

    def wait(self) -> float:
        return self.pace.wait(self.key, self.most, self.cost)

    def take(self) -> None:
        self.pace.take(self.key, self.cost)
