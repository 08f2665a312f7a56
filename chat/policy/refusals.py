"""Who is refused what, and how often: for the log, and for who counts. Pure.

A line for each refusal would let whoever is refused fill the disk. So they are summed up: a line
for an address and a reason, once a minute at most, and only for those that were refused most.
"""

from collections import Counter

from chat.policy import addresses

LINES = 20  # a minute
KEYS = 10_000  # addresses and reasons that are told apart in a minute
OTHERS = "others"


class Refusals:
    """Counts refusals. `totals` are all since the process began, by reason."""

    def __init__(self) -> None:
        self.totals: Counter[str] = Counter()
        self._counts: Counter[tuple[str, str]] = Counter()

    def note(self, address: str | None, why: str) -> None:
        """Something of `address` was refused; `why` in a few words, none of them from outside."""
        self.totals[why] += 1
        key = addresses.key(address), why
        if key not in self._counts and len(self._counts) >= KEYS:
            key = OTHERS, why
        self._counts[key] += 1

    def lines(self) -> list[str]:
        """What was refused since this was last asked, the most first; to be asked once a minute."""
        counts, self._counts = self._counts, Counter()
        told = counts.most_common(LINES)
        lines = [f"refused {count} of {address}: {why}" for (address, why), count in told]
        if len(counts) > len(told):
            rest = counts.total() - sum(count for _, count in told)
            lines.append(f"refused {rest} of {len(counts) - len(told)} more")
        return lines


refusals = Refusals()
