"""What may come at once, and how much a second after that. Pure."""


class Bucket:
    """`burst` tokens, of which `per_second` come back, evenly. The caller has the clock."""

    __slots__ = ("_burst", "_per_second", "_taken", "_taken_at")

    def __init__(self, burst: int, per_second: float) -> None:
        self._burst, self._per_second = burst, per_second
        self._taken = 0.0  # and not come back yet
        self._taken_at = 0.0

    def wait(self, now: float) -> float:
        """Seconds until there is one to take."""
        return max(0.0, self._missing(now) + 1 - self._burst) / self._per_second

    def take(self, now: float) -> None:
        self._taken, self._taken_at = self._missing(now) + 1, now

    def _missing(self, now: float) -> float:
        return max(0.0, self._taken - (now - self._taken_at) * self._per_second)
