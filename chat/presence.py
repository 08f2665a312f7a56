"""Who is here, in all processes together.

Each process tells the others of its own people: what changed at once, all of them every
ANNOUNCE seconds. A process that has been silent for FORGET seconds is gone, and so are its
people: presence heals by itself after a crash.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from chat import protocol

ANNOUNCE = 15.0  # seconds
FORGET = 40.0
NAMES_LIMIT = 200  # in a larger room people are counted, not named


@dataclass(slots=True)
class _Process:
    heard: float
    names: dict[str, str] = field(default_factory=dict)


class Presence:
    """People by their member id; someone with many tabs is here once.

    `publish` sends a hint to all processes, `tell` a frame to all sockets of this one.
    """

    def __init__(
        self,
        publish: Callable[[dict], None],
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ):
        self._publish, self._tell, self._clock = publish, tell, clock
        self._here: dict[str, str] = {}
        self._tabs: Counter[str] = Counter()
        self._others: dict[str, _Process] = {}
        self._told: frozenset[str] = frozenset()
        # What a `hello` since then has told otherwise: somebody more, or somebody less.
        self._shown: set[str] = set()
        self._omitted: set[str] = set()
        self._announced: dict[str, str] = {}
        self._next_announcement = 0.0
        self._asks = True  # the first time: the others should say who is with them

    # --- this process's people -------------------------------------------------------------------
    def enter(self, member_id: str, name: str) -> None:
        """A socket of this member has joined. `leave` undoes it."""
        self._tabs[member_id] += 1
        self._here[member_id] = name

    def rename(self, member_id: str, name: str) -> None:
        if member_id in self._here:
            self._here[member_id] = name

    def leave(self, member_id: str) -> None:
        self._tabs[member_id] -= 1
        if self._tabs[member_id] <= 0:
            del self._tabs[member_id], self._here[member_id]

    def name(self, member_id: str) -> str | None:
        """What a member of this process is called."""
        return self._here.get(member_id)

    def local_names(self) -> dict[str, str]:
        return dict(self._here)

    # --- everybody -------------------------------------------------------------------------------
    def online(self) -> dict:
        """The `online` of a `hello`: who is here now, though not all have been told yet."""
        names = set(self._everybody().values())
        shown = names if len(names) <= NAMES_LIMIT else set()
        self._shown |= shown
        self._omitted |= self._told - shown
        return {"count": len(names), "names": sorted(shown, key=str.casefold)}

    def _everybody(self) -> dict[str, str]:
        everybody: dict[str, str] = {}
        for process in self._others.values():
            everybody |= process.names
        return everybody | self._here

    def beat(self) -> None:
        """Tell what has changed since the last beat. To be called once a second."""
        self._announce()
        self._forget()
        names = frozenset(self._everybody().values())
        joined = (names - self._told) | (names & self._omitted)
        left = (self._told | self._shown) - names
        self._shown, self._omitted = set(), set()
        if not joined and not left:
            return
        if len(names) > NAMES_LIMIT:
            joined = left = frozenset()
        elif len(self._told) > NAMES_LIMIT:
            joined, left = names, frozenset()  # few enough to be named again
        self._told = names
        self._tell(protocol.presence(len(names), sorted(joined), sorted(left)))

    def _forget(self) -> None:
        silent = self._clock() - FORGET
        self._others = {key: other for key, other in self._others.items() if other.heard > silent}

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

    def hear(self, hint: dict) -> None:
        """Another process, `hint["process"]`, has told of its people."""
        other = self._others.setdefault(hint["process"], _Process(0.0))
        other.heard = self._clock()
        if hint["asks"]:
            self._next_announcement = 0.0
        if hint["whole"]:
            other.names = dict(hint["names"])
            return
        other.names |= hint["names"]
        for member_id in hint["gone"]:
            other.names.pop(member_id, None)

    def depart(self) -> None:
        """This process ends: its people are not here any more, as far as it can tell."""
        self._send({}, gone=[], whole=True)
