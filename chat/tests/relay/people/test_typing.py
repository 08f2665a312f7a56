"""Who types: by a clock, and by timers, that a test turns."""

import json
from itertools import pairwise

import pytest

from chat.relay.people.typing import CROWD, Typing

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


class Process:
    """One process; `frames` are what its sockets got, each with its second, `hints` what it has
    published."""

    def __init__(self):
        self.now, self.people = 0.0, 3
        self.frames, self.hints, self.timers = [], [], []
        self.typing = Typing(
            self.hints.append,
            lambda frame: self.frames.append((self.now, json.loads(frame))),
            lambda: self.people,
            lambda: self.now,
            lambda seconds, step: self.timers.append((self.now + seconds, step)),
        )

    def waits(self, seconds: float) -> None:
        end = self.now + seconds
        while due := [timer for timer in self.timers if timer[0] <= end]:
            timer = min(due, key=lambda one: one[0])
            self.timers.remove(timer)
            self.now = timer[0]
            timer[1]()
        self.now = end

    def told(self) -> list[tuple[int, list[str]]]:
        return [(frame["count"], frame["names"]) for _, frame in self.frames]


@pytest.fixture
def process():
    return Process()


def test_who_types_is_told_at_once_and_not_any_more_five_seconds_later(process):
    process.typing.types("ada", "Ada")
    assert process.told() == [(1, ["Ada"])]
    process.waits(4)
    assert len(process.frames) == 1
    process.waits(2)
    assert process.told() == [(1, ["Ada"]), (0, [])]


def test_where_nobody_types_nothing_runs(process):
    assert not process.timers
    process.typing.types("ada", "Ada")
    process.waits(20)
    assert not process.timers


def test_whoever_goes_on_typing_is_named_once_and_heeded_once_in_three_seconds(process):
    for _ in range(30):
        process.typing.types("ada", "Ada")
        process.waits(0.5)
    assert process.told() == [(1, ["Ada"])]
    assert len(process.hints) == 5


def test_of_many_who_type_three_are_named_with_a_frame_a_second_at_most(process):
    for number in range(40):
        process.typing.types(f"m{number}", f"Nr {number}")
        process.waits(0.1)
    assert process.told()[-1] == (40, ["Nr 0", "Nr 1", "Nr 2"])
    times = [at for at, _ in process.frames]
    assert all(later - earlier >= 0.99 for earlier, later in pairwise(times))


def test_above_a_hundred_people_nothing_is_told_and_what_was_told_is_ended(process):
    process.typing.types("ada", "Ada")
    process.people = CROWD + 1
    process.waits(1)
    process.typing.types("bob", "Bob")
    process.typing.hear({"type": "typing", "id": "cy", "name": "Cy"})
    process.waits(10)
    assert process.told() == [(1, ["Ada"]), (0, [])]
    assert len(process.hints) == 1


def test_another_process_hears_of_it_and_passes_it_on_to_nobody(process):
    other = Process()
    process.typing.types("ada", "Ada")
    other.typing.hear(process.hints[0] | {"process": "p", "colour": "what a later release adds"})
    assert other.told() == [(1, ["Ada"])]
    assert other.hints == []
