"""The log on a real database: SQLite or PostgreSQL, as --stack says."""

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chat.log import append, change, head, read
from chat.log.batch import Batch
from chat.log.entries import Draft, Entry, Stored
from chat.models import Log, Message

pytestmark = pytest.mark.django_db


def draft(text: str = "hello", nonce: str = "nonce-01", author: str = "ada") -> Draft:
    return Draft(author, author.title(), nonce, text)


def store(entries: list[Entry]) -> tuple[list[int | None], list[Batch]]:
    """The seq under which each is stored, None where it isn't; and the batches."""
    outcomes, batches = append.store(entries)
    return [getattr(outcome, "seq", None) for outcome in outcomes], batches


def texts(batches: list[Batch]) -> list[str]:
    return [Message.objects.get(seq=event.seq).text for batch in batches for event in batch.events]


def test_messages_get_the_next_numbers_of_a_counter_without_gaps():
    seqs, (batch,) = store([draft("one", "nonce-01"), draft("two", "nonce-02")])
    assert seqs == [1, 2]
    assert (batch.start, batch.end) == (1, 2)
    seqs, (batch,) = store([draft("three", "nonce-03")])
    assert seqs == [3]
    assert (batch.start, batch.end) == (3, 3)
    assert head.read_head().seq == 3
    assert list(Message.objects.order_by("seq").values_list("seq", "rev", "text")) == [
        (1, 1, "one"),
        (2, 2, "two"),
        (3, 3, "three"),
    ]


def test_a_retry_is_never_a_second_message_and_gets_the_same_seq():
    store([draft()])
    assert store([draft()]) == ([1], [])
    assert store([draft(), draft("two", "nonce-02"), draft()])[0] == [1, 2, 1]
    assert Message.objects.count() == 2
    assert head.read_head().seq == 2


def test_the_same_nonce_of_another_author_is_another_message():
    assert store([draft(author="ada"), draft(author="bob")])[0] == [1, 2]


def test_another_text_under_a_stored_nonce_is_a_conflict_and_its_neighbours_are_stored():
    store([draft("hello")])
    seqs, _ = store([draft("x", "nonce-02"), draft("other"), draft("y", "nonce-03")])
    assert seqs == [2, None, 3]
    assert store([draft("a", "nonce-04"), draft("b", "nonce-04")])[0] == [4, None]


def test_a_retry_of_a_message_that_was_edited_or_removed_since_is_no_conflict():
    store([draft("hello")])
    Message.objects.update(text="changed", edited_at="2026-01-01T00:00:00Z")
    assert store([draft("hello")])[0] == [1]
    Message.objects.update(text="", edited_at=None, removed_at="2026-01-01T00:00:00Z")
    assert store([draft("hello")])[0] == [1]


def test_what_is_stored_is_found_and_nothing_else_is_stored_by_looking():
    store([draft("hello")])
    wanted = [draft("hello"), draft("other"), draft("hello", "nonce-02"), draft(author="bob")]
    assert append.find(wanted) == [Stored(1), None, None, None]
    assert head.read_head().seq == 1


def test_hiding_and_restoring_are_changes_with_numbers_of_their_own():
    store([draft(str(number), f"nonce-{number:04}") for number in range(3)])
    assert change.hide(Message.objects.filter(seq__in=[1, 2]), "mod") == [1, 2]
    assert change.hide(Message.objects.filter(seq__in=[1, 2]), "mod") == []
    assert head.read_head().seq == 5
    (batch,) = read.after(3)
    assert [(event.seq, event.rev, event.visible) for event in batch.events] == [
        (1, 4, False),
        (2, 5, False),
    ]
    assert [event.seq for event in read.latest(9)] == [3]
    change.restore(Message.objects.filter(seq=2))
    assert [event.seq for event in read.latest(9)] == [2, 3]
    assert head.read_head().seq == 6


def test_what_came_after_a_number_is_complete_and_ends_at_the_counter():
    store([draft(str(number), f"nonce-{number:04}") for number in range(5)])
    assert texts(read.after(2)) == ["2", "3", "4"]
    (batch,) = read.after(5)
    assert (batch.start, batch.end, batch.events) == (6, 5, ())


def test_a_message_that_changed_comes_under_its_new_number():
    store([draft(str(number), f"nonce-{number:04}") for number in range(3)])
    Message.objects.filter(seq=1).update(rev=4, text="changed")
    Log.objects.update(seq=4)
    assert [event.rev for batch in read.after(0) for event in batch.events] == [2, 3, 4]
    assert texts(read.after(3)) == ["changed"]


def test_a_long_absence_is_read_in_frames_that_follow_each_other():
    store([draft(str(number), f"nonce-{number:04}") for number in range(500)])
    store([draft(str(number), f"later-{number:04}") for number in range(300)])
    position, found = 0, []
    while position < 800:
        for batch in read.after(position):
            assert batch.start == position + 1
            position = batch.end
            found += [event.seq for event in batch.events]
    assert found == list(range(1, 801))


def test_what_is_hidden_or_removed_is_in_no_history_and_travels_without_its_text():
    store([draft("secret", "nonce-01"), draft("b", "nonce-02"), draft("c", "nonce-03")])
    Message.objects.filter(seq=1).update(hidden_at="2026-01-01T00:00:00Z")
    assert [event.seq for event in read.latest(10)] == [2, 3]
    assert [message.seq for message in read.before(3, 10)[0]] == [2]
    assert "secret" not in read.after(0)[0].frame


def test_older_messages_come_oldest_first_and_say_whether_there_are_more():
    store([draft(str(number), f"nonce-{number:04}") for number in range(5)])
    found, more = read.before(5, 2)
    assert ([message.seq for message in found], more) == ([3, 4], True)
    found, more = read.before(3, 2)
    assert ([message.seq for message in found], more) == ([1, 2], False)


@hypothesis_settings(
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 9), st.sampled_from("xy")), min_size=1, max_size=6),
        max_size=6,
    )
)
def test_however_posts_and_retries_are_mixed_each_nonce_is_stored_once(db, rounds):
    Message.objects.all().delete()
    Log.objects.update(seq=0)
    first: dict[int, str] = {}
    numbers: dict[int, int] = {}
    for posts in rounds:
        seqs, _ = store([draft(text, f"nonce-{number:04}") for number, text in posts])
        for (number, text), seq in zip(posts, seqs, strict=True):
            first.setdefault(number, text)
            if text == first[number]:
                assert seq == numbers.setdefault(number, seq)
            else:
                assert seq is None
    assert sorted(numbers.values()) == list(range(1, len(numbers) + 1))
    assert head.read_head().seq == Message.objects.count() == len(numbers)
