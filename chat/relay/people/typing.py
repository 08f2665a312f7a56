"""Who types: hints, of which nothing is stored.

Where nobody types, nothing runs. Above `CROWD` people nothing is told: there is always somebody.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from chat.protocol import outgoing

CROWD = 100  # people
HEEDED = 3.0  # seconds from one hint of a member to the next that counts
LASTS = 5.0  # seconds after which somebody has stopped
PAUSE = 1.0  # seconds between two frames, at least
NAMED = 3


def call_later(seconds: float, step: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(seconds, step)


class Typing:
    """`publish` sends a hint to all processes, `broadcast` a frame to all sockets of this one;
    `count` is how many people are here."""

    def __init__(
        self,
        publish: Callable[[dict[str, Any]], None],
        broadcast: Callable[[str], None],
        count: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
        later: Callable[[float, Callable[[], None]], None] = call_later,
    ):
        self._publish, self._broadcast, self._count = publish, broadcast, count
        self._clock, self._later = clock, later
        self._typing: dict[str, tuple[str, float]] = {}  # names, and when, by member id
        self._told: tuple[int, list[str]] = (0, [])
        self._at_work = False

    def types(self, member_id: str, name: str) -> None:
        """A member at this process types."""
        _, before = self._typing.get(member_id, ("", -HEEDED))
        if self._clock() - before >= HEEDED and self._note(member_id, name):
            self._publish({"type": "typing", "id": member_id, "name": name})

    def hear(self, hint: dict[str, Any]) -> None:
        """A member at another process types."""
        self._note(hint["id"], hint["name"])

    def _note(self, member_id: str, name: str) -> bool:
        """Whether it is heeded."""
        if self._count() > CROWD or (len(self._typing) >= CROWD and member_id not in self._typing):
            return False
        self._typing[member_id] = name, self._clock()
        if not self._at_work:
            self._at_work = True
            self._tell()
        return True

    def _tell(self) -> None:
        """Tell where it has changed, and once more in a second, until nobody types."""
        since = self._clock() - LASTS
        crowd = self._count() > CROWD
        self._typing = {
            member: (name, at)
            for member, (name, at) in self._typing.items()
            if at > since and not crowd
        }
        names = [name for name, _ in self._typing.values()]
        told = len(names), names[:NAMED]
        if told != self._told:
            self._told = told
            self._broadcast(outgoing.typing(*told))
        self._at_work = bool(names)
        if names:
            self._later(PAUSE, self._tell)
