"""How fast: what one member may take from the others, and all at one address together.

Counted in each process by itself: with several processes the limits are that many times as wide.
"""

from collections import OrderedDict
from typing import Any

from django.conf import settings
from limits import RateLimitItemPerMinute, RateLimitItemPerSecond

from chat.policy import addresses
from chat.policy.budgets import Ask, Budget, Tokens, attempt, reserve, take
from chat.policy.newcomers import newcomers
from chat.policy.pace import Pace

RETURNS = RateLimitItemPerMinute(30)  # of one member
RETURNING = 4  # times as many joins as first ones, for all at an address together
REMEMBERED = 10_000  # members who have just joined
TIGHT = 1 / 4  # of their budgets, for newcomers under pressure
NEWCOMERS = 1 / 2  # of the room's pace, for all newcomers together
CROWD = 10  # people: as much as they may say in slow mode, all newcomers at an address may
ENVELOPE = 200  # bytes that a message has around its text


class Rates:
    """`tight`: the room is under pressure, and who is new has a part of what they had."""

    tight = False

    def __init__(self) -> None:
        self._joins, self._returns = Budget("joins, too fast"), Budget("joins, too fast")
        self._all_returns = Budget("joins, too fast")
        self._resumed = Budget("catches up, too much")
        self._posts, self._reactions = Budget("posts, too fast"), Budget("reacts, too fast")
        self._all_posts, self._all_bytes = Budget("posts, too fast"), Budget("posts, too much")
        self._new_posts, self._new_bytes = (
            Budget("newcomers, too fast"),
            Budget("newcomers, too much"),
        )
        self._slow = Budget("posts in slow mode", "slow_mode")
        self._new_slow = Budget("newcomers in slow mode", "slow_mode")
        self._room, self._newcomers = Pace("the room's pace"), Pace("the newcomers' pace")
        self._joined: OrderedDict[str, None] = OrderedDict()

    # --- joins -----------------------------------------------------------------------------------
    def join(self, address: str | None, member_id: str | None = None) -> None:
        """Someone at `address` joins or takes a name. Raises `FrameError("rate_limited")`.

        A member who has joined there before uses up a small budget of their own: a page that is
        closed again and again takes nothing from its neighbours. Each member's first join counts
        against the address, so many cookies bring an abuser no more than many first joins.
        """
        rate = settings.CHAT_JOIN_RATE
        back = f"{addresses.key(address)} {member_id}"
        if back in self._joined:
            own = self._returns.of(back, rate and RETURNS)
            take(address, own + self._all_returns.of_address(address, rate, part=RETURNING))
        else:
            take(address, self._joins.of_address(address, rate, part=self._part))
        if member_id:
            self._joined[back] = None
            self._joined.move_to_end(back)
            if len(self._joined) > REMEMBERED:
                self._joined.popitem(last=False)

    def catch_up(self, address: str | None, size: int) -> float:
        """Someone at `address` is to get so many bytes of what was said before.

        Returns the seconds to wait before they are sent: nothing is left out, it comes later.
        """
        return reserve(self._of_resumed(address, size))

    def may_catch_up(self, address: str | None, size: int) -> float:
        """The same where it can wait: if the seconds are not 0, nothing was counted."""
        return attempt(self._of_resumed(address, size))

    def _of_resumed(self, address: str | None, size: int) -> list[Ask]:
        rate = settings.CHAT_RESUME_BYTES_PER_ADDRESS
        return self._resumed.of_address(address, rate, size)

    # --- posts -----------------------------------------------------------------------------------
    def post(self, member_id: str, address: str | None, text: str, room: dict[str, Any]) -> None:
        """A member at `address` posts. Raises `FrameError`, `rate_limited` or `slow_mode`."""
        asks = self._posts.of(member_id, settings.CHAT_POST_RATE)
        if room["mode"] == "slow":
            new = member_id in newcomers
            asks += self._in_slow_mode(member_id, address, max(1, room["slow_seconds"]), new)
        take(address, asks + self._of_text(member_id, address, text))

    def edit(self, member_id: str, address: str | None, text: str) -> None:
        """A member edits, which counts as a post; slow mode lets one mend a word at once."""
        asks = self._posts.of(member_id, settings.CHAT_POST_RATE)
        take(address, asks + self._of_text(member_id, address, text))

    def react(self, member_id: str, address: str | None, size: int) -> None:
        """A member reacts to a message of so many bytes, as far as is known: it is sent again."""
        asks = self._reactions.of(member_id, settings.CHAT_REACT_RATE)
        take(address, asks + self._of_all(member_id, address, max(size, ENVELOPE)))

    def _of_text(self, member_id: str, address: str | None, text: str) -> list[Ask]:
        size = len(text.encode()) + ENVELOPE
        asks = _of_address(self._all_posts, self._all_bytes, address, size)
        return (asks if settings.CHAT_LIMITS else []) + self._of_all(member_id, address, size)

    def _of_all(self, member_id: str, address: str | None, size: int) -> list[Ask]:
        """What everybody together may send."""
        if not settings.CHAT_LIMITS:
            return []
        asks = self._room.of(address, settings.CHAT_ROOM_PACE, size)
        return asks + (self._of_newcomers(address, size) if member_id in newcomers else [])

    def _in_slow_mode(
        self, member_id: str, address: str | None, seconds: int, new: bool
    ) -> list[Ask]:
        own: list[Ask] = [Tokens(self._slow, member_id, 1, seconds, 1)]  # the room's own rule
        crowd = RateLimitItemPerSecond(CROWD, seconds)
        return own + (self._new_slow.of_address(address, crowd, part=self._part) if new else [])

    def _of_newcomers(self, address: str | None, size: int) -> list[Ask]:
        asks = self._newcomers.of(address, settings.CHAT_ROOM_PACE, size, NEWCOMERS * self._part)
        if self.tight:
            asks += _of_address(self._new_posts, self._new_bytes, address, size, TIGHT)
        return asks

    @property
    def _part(self) -> float:
        return TIGHT if self.tight else 1


def _of_address(
    posts: Budget, sizes: Budget, address: str | None, size: int, part: float = 1
) -> list[Ask]:
    return [
        *posts.of_address(address, settings.CHAT_POSTS_PER_ADDRESS, part=part),
        *sizes.of_address(address, settings.CHAT_POST_BYTES_PER_ADDRESS, size, part),
    ]


rates = Rates()
