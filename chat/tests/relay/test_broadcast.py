"""To all, in order, in steps: pure, with a clock that says when a step is over."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.log.batch import Batch, Event
from chat.relay.broadcast import Broadcast

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


class Socket:
    """Keeps its position as a client does."""

    def __init__(self, at: int):
        self.at, self.heard, self.keeps_up = at, [], True

    def send_text(self, text: str) -> bool:
        self.heard.append(text)
        if text.startswith("{"):
            frame = json.loads(text)
            assert frame["from"] == self.at + 1
            assert [m["seq"] for m in frame["messages"]] == list(
                range(self.at + 1, frame["to"] + 1)
            )
            self.at = frame["to"]
        return self.keeps_up


class Room:
    """A broadcast whose steps are over when `hasty()` says so, and what was delivered to it."""

    def __init__(self, hasty=lambda: False):
        self.seq, self._steps, self._now, self._hasty = 0, [], 0.0, hasty
        self.behind: dict[Socket, int] = {}
        self.broadcast = Broadcast(self.behind.__setitem__, self._steps.append, self._clock)

    def _clock(self) -> float:
        self._now += 1.0 if self._hasty() else 0.0
        return self._now

    def says(self, count: int = 1, size: int = 10) -> None:
        start, self.seq = self.seq + 1, self.seq + count
        pad = "x" * size
        events = [
            Event(n, n, True, json.dumps({"seq": n, "pad": pad}))
            for n in range(start, self.seq + 1)
        ]
        self.broadcast.send(Batch("e", start, self.seq, tuple(events)))

    def joins(self) -> Socket:
        socket = Socket(self.seq)
        self.broadcast.add(socket, self.seq)
        return socket

    def catches_up(self, socket: Socket) -> None:
        """What it missed comes some other way."""
        assert socket.at == self.behind.pop(socket)
        socket.at = self.seq
        self.broadcast.add(socket, self.seq)

    def goes_on(self) -> None:
        if self._steps:
            self._steps.pop(0)()

    def ends(self) -> None:
        while self._steps:
            self.goes_on()


def test_in_a_small_room_all_is_told_at_once():
    room = Room()
    sockets = [room.joins() for _ in range(100)]
    room.says(3)
    room.broadcast.send("news")
    assert all(socket.at == 3 and socket.heard[-1] == "news" for socket in sockets)


def test_a_long_way_is_taken_in_steps_and_what_waits_goes_out_in_one_frame():
    room = Room(hasty=lambda: True)
    sockets = [room.joins() for _ in range(100)]
    for _ in range(10):
        room.says()
    assert 0 < sum(socket.at == 1 for socket in sockets) < 100
    room.ends()
    assert {socket.at for socket in sockets} == {10}
    assert {len(socket.heard) for socket in sockets} == {2}


def test_what_waits_stays_within_a_frames_bounds():
    room = Room(hasty=lambda: True)
    socket, _ = room.joins(), [room.joins() for _ in range(50)]
    for _ in range(300):
        room.says(size=1000)
    for _ in range(700):
        room.says()
    room.ends()
    assert socket.at == 1000
    assert max(len(text.encode()) for text in socket.heard) <= 128 * 1024
    assert max(len(json.loads(text)["messages"]) for text in socket.heard) <= 500


def test_one_that_fails_keeps_nobody_else_from_hearing():
    room = Room()
    good, bad = room.joins(), room.joins()
    bad.send_text = None
    room.says()
    assert good.at == 1


def test_what_waits_of_one_history_reaches_nobody_of_the_next():
    room = Room(hasty=lambda: True)
    old = [room.joins() for _ in range(100)]
    room.says(10)
    room.broadcast.send("a tick of the old one")
    for _ in range(3):
        room.says()
    for socket in old:
        room.broadcast.discard(socket)
    room.broadcast.begin_afresh()
    room.seq = 2  # the next one, restored
    new = [room.joins() for _ in range(50)]
    room.says()
    room.ends()
    assert {socket.at for socket in new} == {3}
    assert not any("a tick of the old one" in socket.heard for socket in new)


def test_a_step_that_fails_is_not_the_last_one(monkeypatch):
    room = Room(hasty=lambda: True)
    sockets = [room.joins() for _ in range(100)]
    room.says()
    late = room.joins()
    monkeypatch.setattr(room.broadcast, "_rest", None)  # whoever came meanwhile can't be told
    room.says()
    room.ends()
    room.says()
    room.ends()
    assert {socket.at for socket in sockets} == {3}
    assert late.at < 3


def test_who_falls_behind_gets_all_but_batches_until_they_have_caught_up():
    room = Room()
    slow, quick = room.joins(), room.joins()
    slow.keeps_up = False
    room.says()
    room.says()
    room.broadcast.send("news")
    room.broadcast.send("a tick", to_all=False)
    assert (slow.at, slow.heard[1:], room.behind) == (1, ["news"], {slow: 1})
    assert (quick.at, quick.heard[2:]) == (2, ["news", "a tick"])
    slow.keeps_up = True
    room.catches_up(slow)
    room.says()
    assert slow.at == 3


@given(st.lists(st.sampled_from("jjsstgggrlbc"), max_size=120), st.integers())
def test_whoever_comes_or_comes_again_whenever_misses_nothing_and_gets_nothing_twice(acts, seed):
    chance = random.Random(seed)
    room = Room(hasty=lambda: chance.random() < 0.5)
    sockets = [room.joins() for _ in range(40)]
    for act in acts:
        if act == "j":
            sockets.append(room.joins())
        elif act == "s":
            room.says(chance.randint(1, 3))
        elif act == "t":
            room.broadcast.send("news")
        elif act == "g":
            room.goes_on()
        elif act == "r":  # joins again: the answer brings it to where the room is
            socket = chance.choice(sockets)
            room.broadcast.attend(socket)
            room.behind.pop(socket, None)
            socket.at = room.seq
            room.broadcast.add(socket, room.seq)
        elif act == "b":
            chance.choice(sockets).keeps_up = chance.random() < 0.5
        elif act == "c":
            for socket in list(room.behind):
                room.catches_up(socket)
        else:
            socket = sockets.pop()
            room.broadcast.discard(socket)
            room.behind.pop(socket, None)
    room.ends()
    for socket in list(room.behind):
        room.catches_up(socket)
    assert {socket.at for socket in sockets} <= {room.seq}
