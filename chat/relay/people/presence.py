"""Who is here, in all processes together.

Each process tells the others of its own people: what changed at once, all of them every
ANNOUNCE seconds. A process that has been silent for FORGET seconds is gone, and so are its
people: presence heals by itself after a crash.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chat.protocol import outgoing

ANNOUNCE = 15.0  # seconds
FORGET = 40.0
NAMES_LIMIT = 200  # in a larger room people are counted, not named


@dataclass(slots=True)
class _Process:
    heard: float
    names: dict[str, str] = field(default_factory=dict)  # by member id


class Presence:
    """People by their member id; someone with many tabs is here once.

    `publish` sends a hint to all processes, `broadcast` a frame to all sockets of this one.
    """

    def __init__(
        self,
        publish: Callable[[dict[str, Any]], None],
        broadcast: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ):
        self._publish, self._broadcast, self._clock = publish, broadcast, clock
        self._here: dict[str, str] = {}
        self._tabs: Counter[str] = Counter()
        self._others: dict[str, _Process] = {}
        # How many know each name: people of this process, and of each other one. A `hello` must
        # not count them all: in a storm of joins there is one for each.
        self._names: Counter[str] = Counter()
        self._told: frozenset[str] = frozenset()
        # What a `hello` since then has told otherwise: somebody more, or somebody less.
        self._shown: set[str] = set()
        self._omitted: set[str] = set()
        self._unnamed = False  # nobody was named to somebody
        self._announced: dict[str, str] = {}
        self._next_announcement = 0.0
        self._asks = True  # the first time: the others should say who is with them

    # --- this process's people -------------------------------------------------------------------
    def enter(self, member_id: str, name: str) -> None:
        """A socket of this member has joined. `leave` undoes it."""
        self._tabs[member_id] += 1
        self._put(self._here, member_id, name)

    def rename(self, member_id: str, name: str) -> None:
        if member_id in self._here:
            self._put(self._here, member_id, name)

    def leave(self, member_id: str) -> None:
        self._tabs[member_id] -= 1
        if self._tabs[member_id] <= 0:
            del self._tabs[member_id]
            self._take(self._here, member_id)

    def name(self, member_id: str) -> str | None:
        """What a member of this process is called."""
        return self._here.get(member_id)

    def local_names(self) -> dict[str, str]:
        return dict(self._here)

    # --- everybody -------------------------------------------------------------------------------
    def count(self) -> int:
        """How many are here."""
        return len(self._names)

    def online(self) -> dict[str, Any]:
        """The `online` of a `hello`: who is here now, though not all have been told yet."""
        if len(self._names) > NAMES_LIMIT:
            self._unnamed = True
            return {"count": len(self._names), "names": []}
        self._shown |= self._names.keys()
        self._omitted |= self._told - self._names.keys()
        return {"count": len(self._names), "names": sorted(self._names, key=str.casefold)}

    def _put(self, people: dict[str, str], member_id: str, name: str) -> None:
        self._take(people, member_id)
        people[member_id] = name
        self._names[name] += 1

    def _take(self, people: dict[str, str], member_id: str) -> None:
        name = people.pop(member_id, None)
        if name is not None:
            self._names[name] -= 1
            if not self._names[name]:
                del self._names[name]

    def beat(self) -> None:
        """Tell what has changed since the last beat. To be called once a second."""
        self._announce()
        self._forget()
        names = frozenset(self._names)
        omitted = self._told if self._unnamed else self._omitted
        joined = (names - self._told) | (names & omitted)
        left = (self._told | self._shown) - names
        self._shown, self._omitted, self._unnamed = set(), set(), False
        if not joined and not left:
            return
        if len(names) > NAMES_LIMIT:
            joined = left = frozenset()
        elif len(self._told) > NAMES_LIMIT:
            joined, left = names, frozenset()  # few enough to be named again
        self._told = names
        self._broadcast(outgoing.presence(len(names), sorted(joined), sorted(left)))

    def _forget(self) -> None:
        silent = self._clock() - FORGET
        for process in [key for key, other in self._others.items() if other.heard <= silent]:
            self._replace(self._others.pop(process).names, {})

    def _replace(self, people: dict[str, str], names: dict[str, str]) -> None:
        for member_id in people.keys() - names.keys():
            self._take(people, member_id)
        for member_id, name in names.items():
            self._put(people, member_id, name)

    # --- between processes -----------------------------------------------------------------------
    def _announce(self) -> None:
        now = self._clock()
        if now >= self._next_announcement:
            self._next_announcement = now + ANNOUNCE
            self._send(self._here, gone=[], whole=True)
        elif self._here != self._announced:
            changed = dict(self._here.items() - self._announced.items())
            self._send(changed, gone=list(self._announced.keys() - self._here.keys()), whole=False)
        self._announced = dict(self._here)

    def _send(self, names: dict[str, str], *, gone: list[str], whole: bool) -> None:
        self._publish(
            {
                "type": "presence",
                "names": names,
                "gone": gone,
                "whole": whole,
                "asks": self._asks,
            }
        )
        self._asks = False

    def hear(self, hint: dict[str, Any]) -> None:
        """Another process, `hint["process"]`, has told of its people."""
        other = self._others.setdefault(hint["process"], _Process(0.0))
        other.heard = self._clock()
        if hint["asks"]:
            self._next_announcement = 0.0
        if hint["whole"]:
            self._replace(other.names, hint["names"])
            return
        for member_id, name in hint["names"].items():
            self._put(other.names, member_id, name)
        for member_id in hint["gone"]:
            self._take(other.names, member_id)

    def depart(self) -> None:
        """This process ends: its people are not here any more, as far as it can tell."""
        self._send({}, gone=[], whole=True)
