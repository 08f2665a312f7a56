"""How fast is too fast: a bucket of tokens for each key, at a few µs a look. Pure.

So many tokens come back in a period, evenly, and no bucket holds more than that many (the generic
cell rate algorithm). What is kept of a bucket is one number: the moment up to which the time that
makes tokens is spent. Who takes one moves it on; whose moment lies in the future has none left.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

MOST = 100_000  # keys, some 20 MB
FORGET = 2  # keys at each turn, where one can be added: what is full again doesn't pile up
SECOND = 1_000_000_000  # ns: whole numbers, as a sum of fractions of a second is not exact


class Buckets:
    """Buckets by key, by a clock in ns that is never set.

    Those of the keys that took a token last come last. One that is full again is forgotten; beyond
    `most` keys the one that has taken none for longest begins anew, so nobody new is refused.
    """

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns, most: int = MOST) -> None:
        self._clock, self._most = clock, most
        self._spent: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._spent)

    def wait(self, key: str, count: int, seconds: float, cost: int = 1) -> float:
        """Seconds until `key` may take `cost` of the `count` tokens that come back in `seconds`.

        What costs more than there ever are costs all of them.
        """
        now, period = self._clock(), round(seconds * SECOND)
        return max(0, self._after(key, now, count, period, cost) - now) / SECOND

    def take(self, key: str, count: int, seconds: float, cost: int = 1) -> None:
        """Take so many, be there something to `wait` for or not."""
        now, period = self._clock(), round(seconds * SECOND)
        self._spent[key] = self._after(key, now, count, period, cost)
        self._spent.move_to_end(key)
        for _ in range(FORGET):
            oldest = next(iter(self._spent))
            if self._spent[oldest] > now - period and len(self._spent) <= self._most:
                break
            del self._spent[oldest]

    def give_back(self, key: str, count: int, seconds: float, cost: int = 1) -> None:
        """Undo a `take` of what was not used after all."""
        if key in self._spent:  # else it is full
            self._spent[key] -= max(1, round(seconds * SECOND) * min(cost, count) // count)

    def _after(self, key: str, now: int, count: int, period: int, cost: int) -> int:
        """What will be spent when `cost` more are taken."""
        full = now - period
        return max(full, self._spent.get(key, full)) + max(1, period * min(cost, count) // count)
