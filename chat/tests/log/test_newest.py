"""The newest of the latest messages, as many as fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.log.batch import Event, batches, newest

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough

sizes = st.lists(st.integers(1, 400), min_size=1, max_size=50)


@given(sizes, st.integers(1, 5000), st.randoms())
def test_it_has_as_many_as_fit_the_newest_first_and_ends_where_they_end(sizes, most, chance):
    revs = list(range(1, len(sizes) + 1))
    chance.shuffle(revs)  # some were changed since
    events = [
        Event(rev, seq, True, "x" * size)
        for seq, (rev, size) in enumerate(zip(revs, sizes, strict=True), 1)
    ]
    latest = list(batches("e", 1, 60, sorted(events, key=lambda event: event.rev)))
    found = newest(latest, most, weigh=lambda event: event.size)
    kept = sorted(event.seq for event in found.events)
    assert kept == list(range(len(sizes) + 1 - len(kept), len(sizes) + 1))
    assert sum(event.size for event in found.events) <= most
    if len(kept) < len(sizes):
        assert sum(sizes[-len(kept) - 1 :]) > most
    assert [event.rev for event in found.events] == sorted(event.rev for event in found.events)
    assert found.end == 60
    assert found.start == (kept[0] if kept else 61)


def test_of_nothing_it_is_an_empty_frame_that_begins_after_the_end():
    found = newest(list(batches("e", 1, 0, [])), 1000)
    assert (found.start, found.end, found.events) == (1, 0, ())
