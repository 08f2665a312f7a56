"""Edits, removals and reactions on a real database: SQLite or PostgreSQL, as --stack says."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from chat.log import acts, append, change, head, reactions, read
from chat.log.batch import Batch
from chat.log.entries import Change, Draft, Stored
from chat.models import Act, FormerText, Member, Message, Pending, Reaction
from chat.protocol.errors import FrameError
from chat.protocol.incoming import Edit, React, Remove

pytestmark = pytest.mark.django_db
NONCE = "nonce-of-a-change"


def says(*texts: str, author: str = "ada") -> None:
    count = Message.objects.count()
    append.store(
        [
            Draft(author, author.title(), f"nonce-{number:04}", text)
            for number, text in enumerate(texts, count)
        ]
    )


def edit(seq: int, text: str, by: str = "ada") -> Change:
    return Change(by, Edit(NONCE, seq, text))


def remove(seq: int, by: str = "ada") -> Change:
    return Change(by, Remove(NONCE, seq))


def react(seq: int, emoji: str = "🎉", by: str = "bob", on: bool = True) -> Change:
    return Change(by, React(NONCE, seq, emoji, on))


def does(*entries: Change | Draft) -> list[tuple[int, int] | str]:
    """What becomes of each: seq and rev, or a code."""
    outcomes, _ = append.store(entries)
    return [
        one.code if isinstance(one, FrameError) else (one.seq, one.rev or one.seq)
        for one in outcomes
    ]


def told(batches: list[Batch]) -> list[dict]:
    return [json.loads(event.encoded) for batch in batches for event in batch.events]


def now(seq: int) -> dict:
    """The message as it travels, which is the same however it is read."""
    ((event,), _) = read.these([seq])
    assert json.loads(read.event(Message.objects.get(seq=seq)).encoded) == json.loads(event.encoded)
    return json.loads(event.encoded)


# --- Edits ---------------------------------------------------------------------------------------
def test_an_edit_is_the_next_number_and_says_when():
    says("helo")
    outcomes, (batch,) = append.store([edit(1, "hello")])
    assert outcomes == [Stored(1, 2, fresh=True)]
    assert (batch.start, batch.end) == (2, 2)
    (message,) = told([batch])
    assert message == now(1)
    assert (message["text"], message["rev"]) == ("hello", 2)
    assert message["at"] <= message["edited"]
    assert head.read_head().seq == 2


def test_the_same_text_again_changes_nothing_and_is_accepted_whatever_else_would_be_wrong():
    says("hello")
    assert does(edit(1, "hello")) == [(1, 1)]
    Message.objects.update(at=timezone.now() - timedelta(days=1))
    change.hide(Message.objects.all(), "mod")
    assert does(edit(1, "hello")) == [(1, 2)]
    assert "edited" not in now(1)
    assert head.read_head().seq == 2


def test_what_others_have_said_can_be_neither_edited_nor_removed():
    says("hello")
    assert does(edit(1, "x", by="bob"), remove(1, by="bob")) == ["not_yours", "not_yours"]
    assert now(1)["text"] == "hello"


def test_what_is_not_there_or_not_to_be_seen_is_gone():
    says("one", "two")
    change.hide(Message.objects.filter(seq=1), "mod")
    does(remove(2))
    for seq in (1, 2, 99):
        assert does(edit(seq, "x"), react(seq)) == ["gone", "gone"]
        assert does(edit(seq, "x", by="bob"), remove(seq, by="bob")) == ["gone", "gone"]


def test_a_message_can_be_edited_for_a_quarter_of_an_hour():
    says("hello")
    Message.objects.update(at=timezone.now() - timedelta(seconds=890))
    assert does(edit(1, "hallo")) == [(1, 2)]
    Message.objects.update(at=timezone.now() - timedelta(seconds=901))
    assert does(edit(1, "hullo")) == ["too_late"]


def test_what_was_said_before_is_kept_and_a_removal_erases_it_with_the_rest():
    says("one")
    does(edit(1, "two"), edit(1, "three"), react(1))
    does(edit(1, "four"))
    assert [former.text for former in FormerText.objects.all()] == ["one", "two", "three"]
    does(edit(1, "five"), react(1, "👍"), remove(1))
    assert not FormerText.objects.exists()
    assert not Reaction.objects.exists()
    row = Message.objects.get()
    assert (row.text, row.reactions, row.nonce) == ("", None, "nonce-0000")
    assert now(1) == {"seq": 1, "rev": row.rev, "by": "ada", "removed": True}


# --- Removals ------------------------------------------------------------------------------------
def test_a_removal_is_accepted_again_and_nothing_brings_the_message_back():
    says("hello")
    assert does(remove(1)) == [(1, 2)]
    assert does(remove(1)) == [(1, 2)]
    assert does(edit(1, "hello"), react(1), react(1, on=False)) == ["gone"] * 3
    change.restore(Message.objects.all())
    assert now(1)["removed"]


def test_ones_own_is_removed_also_where_a_moderator_has_hidden_it():
    says("hello", "again")
    change.hide(Message.objects.filter(seq=1), "mod")
    assert does(remove(1)) == [(1, 4)]
    assert Message.objects.get(seq=1).text == ""


def test_a_retry_of_a_post_that_was_removed_is_no_second_message():
    says("hello")
    does(remove(1))
    assert does(Draft("ada", "Ada", "nonce-0000", "hello")) == [(1, 1)]
    assert Message.objects.count() == 1


# --- Reactions -----------------------------------------------------------------------------------
def test_reactions_are_told_in_the_order_of_their_first_use_and_name_the_first_five():
    says("hello")
    does(react(1, "🎉"))
    does(*(react(1, "👍", f"m{number}") for number in range(7)), react(1, "🎉", "ada"))
    assert now(1)["reactions"] == [
        {"emoji": "🎉", "count": 2, "by": ["bob", "ada"]},
        {"emoji": "👍", "count": 7, "by": ["m0", "m1", "m2", "m3", "m4"]},
    ]
    does(react(1, "👍", "m1", on=False), react(1, "👍", "m9"), react(1, "🎉", on=False))
    assert now(1)["reactions"] == [
        {"emoji": "🎉", "count": 1, "by": ["ada"]},
        {"emoji": "👍", "count": 7, "by": ["m0", "m2", "m3", "m4", "m5"]},
    ]
    does(react(1, "🎉", "ada", on=False))
    assert [one["emoji"] for one in now(1)["reactions"]] == ["👍"]


def test_a_reaction_that_is_there_or_gone_already_changes_nothing():
    says("hello")
    assert does(react(1, on=False)) == [(1, 1)]
    assert does(react(1)) == [(1, 2)]
    assert does(react(1), react(1)) == [(1, 2), (1, 2)]
    assert does(react(1, on=False), react(1)) == [(1, 3), (1, 3)]
    assert now(1)["reactions"] == [{"emoji": "🎉", "count": 1, "by": ["bob"]}]
    assert Reaction.objects.count() == 1


def test_all_reactions_to_a_message_in_one_batch_are_one_change_with_one_number():
    says("hello")
    outcomes, batches = append.store([react(1, by=f"m{number}") for number in range(500)])
    assert outcomes == [Stored(1, 2, fresh=True)] * 500
    assert [message["reactions"][0]["count"] for message in told(batches)] == [500]
    assert head.read_head().seq == 2
    assert Reaction.objects.count() == 500


def test_a_message_has_at_most_twenty_different_emoji():
    says("hello")
    many = [chr(0x1F400 + number) for number in range(21)]
    assert does(*(react(1, emoji) for emoji in many)) == [(1, 2)] * 20 + ["too_many"]
    assert does(react(1, many[0], by="cy")) == [(1, 3)]
    assert does(react(1, many[1], on=False), react(1, many[20])) == [(1, 4), (1, 4)]


def test_reactions_are_hidden_with_their_message_and_shown_again():
    says("hello")
    does(react(1))
    change.hide(Message.objects.all(), "mod")
    assert "reactions" not in now(1)
    assert does(react(1)) == [(1, 3)], "it is there"
    change.restore(Message.objects.all())
    assert now(1)["reactions"][0]["count"] == 1


def test_who_asks_is_told_all_by_name_and_which_are_theirs():
    says("hello", "again")
    Member.objects.create(
        id="bob", name="Bob", held_until=timezone.now(), last_seen_at=timezone.now()
    )
    does(react(1), react(1, "👍"), react(1, "👍", "eve"), react(2, "👍"))
    assert reactions.people(1) == [
        {"emoji": "🎉", "people": [{"id": "bob", "name": "Bob"}]},
        {"emoji": "👍", "people": [{"id": "bob", "name": "Bob"}, {"id": "eve", "name": ""}]},
    ]
    assert reactions.of_member("bob", [2, 1, 7]) == [
        {"seq": 1, "emoji": ["🎉", "👍"]},
        {"seq": 2, "emoji": ["👍"]},
    ]
    change.hide(Message.objects.filter(seq=1), "mod")
    assert [one["seq"] for one in reactions.of_member("bob", [1, 2])] == [2]
    with pytest.raises(FrameError):
        reactions.people(1)


# --- Replies -------------------------------------------------------------------------------------
def test_a_reply_says_to_what_unless_that_is_a_number_that_there_was_not_yet():
    says("hello")
    drafts = [Draft("bob", "Bob", f"nonce-{to:08}", "yes", to) for to in (1, 3, 4)]
    _, batches = append.store(drafts)
    assert [message.get("reply_to") for message in told(batches)] == [1, None, None]
    assert [now(seq).get("reply_to") for seq in (2, 3, 4)] == [1, None, None]


# --- Batches -------------------------------------------------------------------------------------
def test_a_batch_of_posts_and_changes_has_new_messages_then_each_changed_one_once():
    says("one", "two")
    outcomes, (batch,) = append.store(
        [
            edit(2, "zwei"),
            Draft("bob", "Bob", "nonce-of-bob", "three"),
            react(1),
            edit(2, "dos"),
            edit(99, "x"),
            react(1, "👍"),
        ]
    )
    assert outcomes[:4] == [
        Stored(2, 4, fresh=True),
        Stored(3, fresh=True),
        Stored(1, 5, fresh=True),
        Stored(2, 4, fresh=True),
    ]
    assert outcomes[4].code == "gone"
    assert outcomes[5] == Stored(1, 5, fresh=True)
    assert [(event.seq, event.rev) for event in batch.events] == [(3, 3), (2, 4), (1, 5)]
    assert told([batch]) == told(read.after(2)), "as whoever reads it from the log has it"
    assert head.read_head().seq == 5


def test_a_batch_that_is_stored_once_more_changes_nothing_more():
    says("one", "two")
    entries = [
        edit(2, "zwei"),
        Draft("bob", "Bob", "nonce-of-bob", "three"),
        react(1),
        react(2, on=False),
    ]
    first, _ = append.store(entries)
    again, batches = append.store(entries)
    assert [(one.seq, one.rev) for one in again[:3]] == [(one.seq, one.rev) for one in first[:3]]
    assert batches == []
    assert append.find(entries) == again
    assert append.find([edit(2, "dos"), react(2), remove(1), edit(99, "x")]) == [None] * 4


def test_what_an_open_act_is_about_to_hide_is_as_good_as_hidden(monkeypatch):
    monkeypatch.setattr(acts, "PART", 1)
    says("one", "two")
    spam = Message.objects.all()
    acts.begin(Act(what=Act.What.HIDE, by="mod"), acts.plan(Act.What.HIDE, spam))
    assert Pending.objects.get().seq == 1
    assert does(edit(1, "x"), react(1)) == ["gone", "gone"]
    assert now_is_removed(1)
    assert does(remove(1)) == [(1, 4)]
    acts.go_on(Act.objects.get())
    assert head.read_head().seq == 4


def now_is_removed(seq: int) -> bool:
    ((event,), _) = read.these([seq])
    return "removed" in json.loads(event.encoded)


def test_messages_are_found_by_number_in_the_order_in_which_they_are_asked_for():
    says("one", "two", "three")
    change.hide(Message.objects.filter(seq=2), "mod")
    events, more = read.these([3, 99, 2, 1, 3])
    assert [(event.seq, event.visible) for event in events] == [(3, True), (2, False), (1, True)]
    assert not more


def test_messages_by_number_are_as_many_as_fit_into_a_frame():
    says(*("🎉" * 4000 for _ in range(10)))
    events, more = read.these(list(range(1, 11)))
    assert [event.seq for event in events] == list(range(1, 9))
    assert more
