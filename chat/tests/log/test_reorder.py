"""Batches, the replay buffer and the order of delivery: pure, so tried in every way."""

import gc
import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.log.batch import Batch, Event, batches
from chat.log.reorder import HELD_BYTES, ReorderBuffer
from chat.log.replay import LATEST, ReplayBuffer
from chat.protocol import bounds

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


def event(rev: int, seq: int | None = None, *, visible: bool = True, size: int = 1) -> Event:
    return Event(rev, seq or rev, visible, json.dumps({"seq": seq or rev, "pad": "x" * size}))


def batch(start: int, end: int, *events: Event) -> Batch:
    return Batch("e", start, end, events or tuple(event(rev) for rev in range(start, end + 1)))


def replay(seq: int = 0, size: int = 1000) -> ReplayBuffer:
    floor = max(0, seq - size)
    events = [event(rev) for rev in range(floor + 1, seq + 1)]
    return ReplayBuffer("e", seq, events, events[-2 * LATEST :], floor=floor, most=size)


def numbers(found: list[Batch] | None) -> list[int]:
    return [event.rev for batch in found or () for event in batch.events]


# --- Batches -------------------------------------------------------------------------------------
@given(st.lists(st.integers(1, 60_000), max_size=40), st.integers(0, 3))
def test_batches_are_complete_contiguous_and_within_a_frames_bounds(sizes, rest):
    events = [event(rev, size=size) for rev, size in enumerate(sizes, 1)]
    found = list(batches("e", 1, len(sizes) + rest, events))
    assert [e for b in found for e in b.events] == events
    assert found[0].start == 1
    assert found[-1].end == len(sizes) + rest
    for one, next_one in pairwise(found):
        assert next_one.start == one.end + 1
    for one in found:
        assert len(one.frame.encode()) <= bounds.BATCH_BYTES


def test_a_batch_has_at_most_500_messages():
    found = list(batches("e", 1, 1001, (event(rev) for rev in range(1, 1002))))
    assert [(b.start, b.end) for b in found] == [(1, 500), (501, 1000), (1001, 1001)]


def test_a_batch_survives_the_channel_layer():
    sent = batch(3, 5, event(3), event(5, seq=1, visible=False))
    assert Batch.of_hint(json.loads(json.dumps(sent.as_hint()))) == sent


def test_a_batch_of_a_newer_process_is_taken_as_far_as_it_is_known_here():
    sent = batch(3, 4)
    hint = json.loads(json.dumps(sent.as_hint())) | {"colour": "blue"}
    hint["events"] = [event | {"weight": 1} for event in hint["events"]]
    assert Batch.of_hint(hint) == sent


def test_what_is_joined_has_each_message_once_in_its_last_state():
    one = batch(3, 5, event(3), event(4, seq=1), event(5))
    joined = one.joined(batch(6, 7, event(6, seq=1), event(7, seq=2)))
    assert [(e.seq, e.rev) for e in joined.events] == [(3, 3), (5, 5), (1, 6), (2, 7)]
    assert (joined.start, joined.end) == (3, 7)
    assert joined.beyond(5).events == joined.events[2:]


# --- The replay buffer ---------------------------------------------------------------------------
def test_an_empty_room_begins_with_an_empty_frame_from_1_to_0():
    assert [(b.start, b.end) for b in replay().latest()] == [(1, 0)]


def test_someone_new_gets_the_latest_50_that_can_be_seen():
    room = replay(60)
    assert numbers(room.latest()) == list(range(11, 61))
    room.extend(batch(61, 61, event(61, seq=60, visible=False)))
    (start,) = room.latest()
    assert numbers([start]) == list(range(10, 60))
    assert (start.start, start.end) == (10, 61)


def test_a_message_that_changes_comes_once_in_its_last_state():
    room = replay(3)
    room.extend(batch(4, 5, event(4, seq=1), event(5, seq=1)))
    assert numbers(room.after(0)) == [2, 3, 5]
    assert numbers(room.after(3)) == [5]


def test_who_has_everything_gets_one_empty_frame():
    assert [(b.start, b.end) for b in replay(3).after(3)] == [(4, 3)]


def test_the_ring_says_when_it_does_not_reach_back_so_far():
    room = replay(10, size=4)
    assert room.after(5) is None
    assert room.after(11) is None
    assert numbers(room.after(6)) == [7, 8, 9, 10]


def test_it_reaches_back_by_messages_however_many_numbers_they_had():
    room = replay(4, size=4)
    for rev in range(5, 500):
        room.extend(batch(rev, rev, event(rev, seq=4)))
    assert numbers(room.after(0)) == [1, 2, 3, 499]
    room.extend(batch(500, 500))
    assert room.after(0) is None
    assert numbers(room.after(1)) == [2, 3, 499, 500]


def test_large_messages_are_kept_only_as_far_as_their_bytes_allow():
    room = ReplayBuffer("e", 0, [], [], most_bytes=10_000)
    for rev in range(1, 30):
        room.extend(batch(rev, rev, event(rev, size=3000)))
    assert numbers(room.after(room.floor)) == [27, 28, 29]
    assert room.floor == 26
    assert room.after(25) is None
    assert room.size_of(29) > 3000
    assert room.size_of(1) == 0


def test_the_ring_forgets_what_is_old():
    room = replay(0, size=10)
    for rev in range(1, 500):
        room.extend(batch(rev, rev))
    assert numbers(room.after(489)) == list(range(490, 500))
    assert numbers(room.latest()) == list(range(450, 500))


def test_the_ring_asks_for_older_messages_when_too_many_were_taken_away():
    room = replay(200)
    assert not room.short
    for rev, seq in enumerate(range(130, 201), 201):
        room.extend(batch(rev, rev, event(rev, seq=seq, visible=False)))
    assert room.short
    room.refill([event(seq) for seq in range(30, 130)])
    assert not room.short
    assert numbers(room.latest()) == list(range(80, 130))


@given(st.lists(st.tuples(st.integers(1, 30), st.booleans()), max_size=120))
def test_the_latest_are_what_the_log_would_say(changes):
    """Each change is a new message, or hides or restores an old one."""
    room, log = replay(0, size=20), {}
    for rev, (target, visible) in enumerate(changes, 1):
        seq = target if target in log else rev
        log[seq] = event(rev, seq, visible=visible or seq == rev)
        room.extend(batch(rev, rev, log[seq]))
        if room.short:
            shown = sorted((e for e in log.values() if e.visible), key=lambda e: e.seq)
            room.refill(shown[-2 * LATEST :])
    shown = sorted((e for e in log.values() if e.visible), key=lambda e: e.seq)[-LATEST:]
    assert sorted(numbers(room.latest())) == sorted(e.rev for e in shown)


# --- The reorder buffer --------------------------------------------------------------------------
class Reader:
    """Somebody who is told of each batch and knows whether any number is missing."""

    def __init__(self):
        self.position, self.heard = 0, []

    def __call__(self, batch: Batch) -> None:
        assert batch.start == self.position + 1
        self.position = batch.end
        self.heard += [event.rev for event in batch.events]


def test_an_early_batch_waits_for_its_predecessor():
    reader = Reader()
    reorder = ReorderBuffer(replay(), reader)
    assert reorder.receive(batch(2, 3)) is True
    assert reader.heard == []
    assert reorder.receive(batch(1, 1)) is False
    assert reader.heard == [1, 2, 3]
    assert not reorder.waits


def test_an_old_batch_and_one_of_another_epoch_are_ignored():
    reader = Reader()
    reorder = ReorderBuffer(replay(), reader)
    reorder.receive(batch(1, 2))
    reorder.receive(batch(1, 2))
    reorder.receive(Batch("other", 3, 3, (event(3),)))
    assert reader.heard == [1, 2]


def test_of_a_batch_that_overlaps_the_new_part_is_delivered():
    reader = Reader()
    reorder = ReorderBuffer(replay(), reader)
    reorder.receive(batch(1, 2))
    reorder.receive(batch(1, 4))
    assert reader.heard == [1, 2, 3, 4]


def test_what_is_early_and_becomes_too_much_is_forgotten_for_the_log_has_it():
    reader = Reader()
    reorder = ReorderBuffer(replay(), reader)
    for rev in range(2, 2000):
        assert reorder.receive(batch(rev, rev, event(rev, size=4000))) is True
    alive = [one for one in gc.get_objects() if type(one) is Batch]
    assert sum(one.size for one in alive) <= HELD_BYTES
    reorder.receive(batch(1, 1500))  # what the log has
    reorder.receive(batch(1501, 1999))
    assert reader.heard == list(range(1, 2000))
    assert not reorder.waits


def test_numbers_that_never_come_fill_nothing_for_good():
    reader = Reader()
    reorder = ReorderBuffer(replay(), reader)
    for rev in range(10**9, 10**9 + 2000):
        reorder.receive(batch(rev, rev, event(rev, size=4000)))
    reorder.receive(batch(2, 2))
    reorder.receive(batch(1, 1))
    assert reader.heard == [1, 2]


def test_the_same_early_batch_again_and_again_is_held_once():
    reader = Reader()
    reorder = ReorderBuffer(replay(), reader)
    reorder.receive(batch(3, 3))
    for _ in range(2000):
        reorder.receive(batch(2, 2, event(2, size=4000)))
    reorder.receive(batch(1, 1))
    assert reader.heard == [1, 2, 3]


spans = st.lists(
    st.tuples(st.integers(1, 40), st.integers(0, 8)).map(lambda s: (s[0], s[0] + s[1])), max_size=60
)


@given(spans)
def test_whatever_comes_in_whatever_order_is_delivered_once_and_in_order(spans):
    reader = Reader()
    reorder = ReorderBuffer(replay(), reader)
    for start, end in spans:
        reorder.receive(batch(start, end))
    reorder.receive(batch(reorder.replay.seq + 1, 50))  # what the log has
    assert reader.heard == list(range(1, 51))
    assert numbers(reorder.replay.after(0)) == reader.heard
