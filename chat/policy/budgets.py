"""Budgets: so much of one thing in so much time, for a member, or for all at an address.

Counted in each process by itself: with several processes a budget is that many times as wide.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from limits import RateLimitItem

from chat.policy import addresses
from chat.policy.buckets import Buckets
from chat.policy.refusals import refusals
from chat.protocol.errors import FrameError


class Ask(Protocol):
    """What somebody wants of a budget."""

    @property
    def why(self) -> str:
        """What the log says where that is refused."""

    @property
    def code(self) -> str:
        """What the client hears then."""

    def wait(self) -> float:
        """Seconds until it is there."""

    def take(self) -> None:
        """It is used up."""


class Budget:
    """Of one thing. `why` and `code` are those of a refusal."""

    def __init__(self, why: str, code: str = "rate_limited"):
        self.why, self.code = why, code
        self.buckets = Buckets()

    def of(self, key: str, rate: RateLimitItem | None, cost: int = 1, part: float = 1) -> list[Ask]:
        """To ask `cost` for a `key`, which may have `part` times `rate`; without one, anything."""
        if rate is None or not settings.CHAT_LIMITS:
            return []
        return [Tokens(self, key, max(1, int(rate.amount * part)), rate.get_expiry(), cost)]

    def of_address(
        self, address: str | None, rate: RateLimitItem | None, cost: int = 1, part: float = 1
    ) -> list[Ask]:
        """The same for an address, and for the networks that it belongs to."""
        return [
            ask
            for key, share in addresses.shares(address)
            for ask in self.of(key, rate, cost, part * share)
        ]


@dataclass(frozen=True, slots=True)
class Tokens:
    """`cost` tokens of the `count` that come back to `key` in so many seconds."""

    budget: Budget
    key: str
    count: int
    seconds: float
    cost: int

    @property
    def why(self) -> str:
        return self.budget.why

    @property
    def code(self) -> str:
        return self.budget.code

    def wait(self) -> float:
        return self.budget.buckets.wait(self.key, self.count, self.seconds, self.cost)

    def take(self) -> None:
        self.budget.buckets.take(self.key, self.count, self.seconds, self.cost)


def take(address: str | None, asks: Sequence[Ask]) -> None:
    """Take all of them, or none: what is refused costs nothing.

    Raises `FrameError`, and notes it for the log, where something is not there yet.
    """
    for ask in asks:
        if wait := ask.wait():
            refusals.note(address, ask.why)
            raise FrameError(ask.code, retry_after=math.ceil(10 * wait) / 10)
    _take(asks)


def attempt(asks: Sequence[Ask]) -> float:
    """The same for who notes refusals itself: 0, or the seconds after which to come again."""
    seconds = _wait(asks)
    if not seconds:
        _take(asks)
    return seconds


def reserve(asks: Sequence[Ask]) -> float:
    """Take all of them; the seconds until they are there, to be waited for before they are used.

    So whoever reserves first has them first.
    """
    seconds = _wait(asks)
    _take(asks)
    return seconds


def _wait(asks: Iterable[Ask]) -> float:
    return max((ask.wait() for ask in asks), default=0.0)


def _take(asks: Iterable[Ask]) -> None:
    for ask in asks:
        ask.take()
