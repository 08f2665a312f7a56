"""Who is here: two processes that tell each other, and a clock that we turn."""

import json

import pytest

from chat.relay.people.presence import ANNOUNCE, FORGET, NAMES_LIMIT, Presence

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


class Process:
    """A process, and what its people were told."""

    def __init__(self, name: str, clock: Clock):
        self.name, self.frames, self.others = name, [], []
        self.presence = Presence(self._publish, lambda text: self.frames.append(text), clock)
        self.cut_off = False

    def _publish(self, hint: dict) -> None:
        for other in self.others:
            if not self.cut_off:
                other.presence.hear(json.loads(json.dumps(hint)) | {"process": self.name})

    def told(self) -> list[tuple]:
        frames, self.frames[:] = [json.loads(text) for text in self.frames], []
        return [(frame["count"], frame["joined"], frame["left"]) for frame in frames]


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def two(clock):
    left, right = Process("left", clock), Process("right", clock)
    left.others, right.others = [right], [left]
    return left, right


def beat(*processes):
    for process in processes:
        process.presence.beat()


def test_a_person_with_three_tabs_is_here_once_until_the_last_one_closes(two):
    left, _ = two
    for _ in range(3):
        left.presence.enter("a", "Ada")
    beat(left)
    assert left.told() == [(1, ["Ada"], [])]
    left.presence.leave("a")
    left.presence.leave("a")
    beat(left)
    assert left.told() == []
    left.presence.leave("a")
    beat(left)
    assert left.told() == [(0, [], ["Ada"])]


def test_what_happens_within_a_second_is_one_frame(two):
    left, _ = two
    left.presence.enter("a", "Ada")
    left.presence.enter("b", "Bob")
    left.presence.leave("b")
    left.presence.enter("c", "Cy")
    beat(left)
    assert left.told() == [(2, ["Ada", "Cy"], [])]


def test_a_rename_is_one_left_and_one_joined(two):
    left, _ = two
    left.presence.enter("a", "Ada")
    beat(left)
    left.told()
    left.presence.rename("a", "Countess")
    beat(left)
    assert left.told() == [(1, ["Countess"], ["Ada"])]


def test_who_was_in_a_hello_and_left_before_the_next_beat_is_told_to_have_left(two):
    left, _ = two
    left.presence.enter("a", "Ada")
    assert left.presence.online()["names"] == ["Ada"]
    left.presence.rename("a", "Countess")
    beat(left)
    assert left.told() == [(1, ["Countess"], ["Ada"])]


def test_who_was_not_in_a_hello_and_came_back_before_the_next_beat_is_told_to_have_joined(two):
    left, _ = two
    left.presence.enter("a", "Ada")
    beat(left)
    left.told()
    left.presence.leave("a")
    assert left.presence.online()["names"] == []
    left.presence.enter("a", "Ada")
    beat(left)
    assert left.told() == [(1, ["Ada"], [])]


def test_people_of_other_processes_are_here_too(two):
    left, right = two
    left.presence.enter("a", "Ada")
    right.presence.enter("b", "Bob")
    beat(left, right, left)
    assert (
        left.presence.online() == right.presence.online() == {"count": 2, "names": ["Ada", "Bob"]}
    )
    right.presence.leave("b")
    beat(right, left)
    assert left.presence.online() == {"count": 1, "names": ["Ada"]}


def test_a_process_that_starts_hears_at_once_who_is_with_the_others(two):
    left, right = two
    left.presence.enter("a", "Ada")
    left.others = []
    beat(left)  # before the other one was there
    left.others = [right]
    beat(right, left)
    assert right.presence.online()["names"] == ["Ada"]


def test_people_of_a_process_that_died_are_forgotten_in_time(two, clock):
    left, right = two
    left.presence.enter("a", "Ada")
    beat(left, right)
    clock.now += FORGET - 1
    beat(right)
    assert right.presence.online()["count"] == 1
    clock.now += 2
    beat(right)
    assert right.presence.online()["count"] == 0
    assert right.told()[-1] == (0, [], ["Ada"])


def test_a_lost_hint_is_made_good_by_the_next_announcement(two, clock):
    left, right = two
    beat(left, right)
    left.cut_off = True
    left.presence.enter("a", "Ada")
    beat(left)
    left.cut_off = False
    clock.now += ANNOUNCE
    beat(left, right)
    assert right.presence.online()["names"] == ["Ada"]


def test_a_process_that_ends_takes_its_people_with_it(two):
    left, right = two
    left.presence.enter("a", "Ada")
    beat(left, right)
    left.presence.depart()
    beat(right)
    assert right.presence.online()["count"] == 0


def test_in_a_large_room_people_are_counted_and_named_again_when_it_empties(two):
    left, _ = two
    people = [f"person {number:03}" for number in range(NAMES_LIMIT + 1)]
    for name in people:
        left.presence.enter(name, name)
    beat(left)
    assert left.told() == [(NAMES_LIMIT + 1, [], [])]
    assert left.presence.online() == {"count": NAMES_LIMIT + 1, "names": []}
    left.presence.leave(people[0])
    beat(left)
    assert left.told() == [(NAMES_LIMIT, people[1:], [])]
