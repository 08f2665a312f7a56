"""Hiding and restoring much: in parts, by whichever process is there, and people go on talking."""

from itertools import groupby

import pytest
from django.contrib.auth.models import User

from chat.log import acts, append, head, read
from chat.log.acts import PART
from chat.log.entries import Draft
from chat.models import Act, Message, Pending
from chat.moderation import verbs
from chat.relay.acts import PATIENCE, Acts
from chat.tests.admin.test_admin import Moderator
from chat.tests.support import eventually

SPAM = 3 * PART + 100
# Both databases know these words.
FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
INSERT INTO chat_message (seq, rev, author, name, text, nonce, at, hidden_by)
SELECT i, i, '{author}', 'Spammer', 'buy ' || i, 'nonce-' || i, '2026-01-01 12:00:00+00', '' FROM n
"""


@pytest.fixture
def mod(db):
    return User.objects.create_user("mod")


@pytest.fixture
def spam(db):
    drafts = [Draft("spammer", "Spammer", f"nonce-{number:04}", "buy") for number in range(SPAM)]
    append.store(drafts)
    append.store([Draft("ada", "Ada", "nonce-0001", "a kind word")])
    return Message.objects.filter(author="spammer")


def finish(act: Act) -> list[int]:
    """Do what is left of `act`; returns how many messages each part has changed."""
    sizes = []
    while act.done_at is None:
        sizes.append(len(acts.go_on(act)))
    return sizes


def hidden() -> set[int]:
    return set(Message.objects.exclude(hidden_at=None).values_list("seq", flat=True))


def test_the_newest_are_hidden_at_once_and_the_rest_is_stored_to_be_done(mod, spam):
    act = verbs.hide(spam, mod)
    assert (act.changed, act.left) == (PART, SPAM - PART)
    assert min(hidden()) == SPAM - PART + 1
    assert [event.seq for event in read.latest(50)] == [SPAM + 1]  # nobody new sees the rest
    assert read.before(SPAM + 2, 50) == (read.latest(50), False)
    assert finish(act) == [PART, PART, 100]
    assert len(hidden()) == act.changed == SPAM
    assert not Pending.objects.exists()
    assert head.read_head().seq == 2 * SPAM + 1
    revs = list(Message.objects.order_by("rev").values_list("rev", flat=True))
    assert revs == list(range(SPAM + 1, 2 * SPAM + 2))


def test_a_history_of_many_is_one_line_and_of_few_a_line_each(mod, spam):
    verbs.hide(spam, mod, "advertising")
    assert verbs.restore(Message.objects.filter(seq__gt=SPAM - 2), mod).changed == 2
    notes = [(note.content_type.model, note.change_message) for note in mod.logentry_set.all()]
    assert notes == [("message", "Restored.")] * 2 + [
        ("act", f"Hidden. {SPAM:,} messages. Reason: advertising")
    ]


def test_to_restore_what_is_still_being_hidden_stops_that_first(mod, spam):
    hiding = verbs.hide(spam, mod)
    restoring = verbs.restore(spam, mod)
    assert not Pending.objects.filter(act=hiding).exists()
    finish(Act.objects.get(pk=hiding.pk))
    finish(restoring)
    assert not hidden()
    assert len(read.latest(SPAM + 1)) == SPAM + 1
    # Who has left them out, as they were to be hidden, is told of each.
    told = Message.objects.filter(author="spammer", rev__gt=SPAM + 1)
    assert told.count() == SPAM


def test_to_restore_a_part_of_it_leaves_the_rest_to_be_hidden(mod, spam):
    hiding = verbs.hide(spam, mod)
    restoring = verbs.restore(spam.filter(seq__lte=10), mod)
    assert restoring.done_at
    finish(Act.objects.get(pk=hiding.pk))
    assert hidden() == set(range(11, SPAM + 1))


def test_to_hide_what_is_still_being_restored_stops_that_first(mod, spam):
    finish(verbs.hide(spam, mod))
    restoring = verbs.restore(spam, mod)
    again = verbs.hide(spam, mod)
    finish(Act.objects.get(pk=restoring.pk))
    finish(again)
    assert len(hidden()) == SPAM


def test_one_process_does_it_until_it_is_silent_for_a_while_then_another(mod, spam):
    now = 0.0
    one, other = (Acts(None, lambda: None, clock=lambda: now) for _ in range(2))
    act = verbs.hide(spam, mod)
    assert one.turn()
    assert not other.turn()
    now += PATIENCE / 2
    assert one.turn()
    now += PATIENCE / 2
    assert not other.turn()  # there was a part in between
    now += PATIENCE
    assert other.turn()
    assert not one.turn()  # it is back, and not needed
    act.refresh_from_db()
    assert act.done_at
    assert act.changed == len(hidden()) == SPAM


def test_where_two_do_the_same_part_only_one_does(mod, spam):
    verbs.hide(spam, mod)
    one, other = Act.objects.get(), Act.objects.get()
    assert len(acts.go_on(one, "one")) == PART
    assert acts.go_on(other, "other") is None
    assert len(hidden()) == 2 * PART


# --- on a real site ------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def moderator(site):
    return Moderator(site)


def has_said(site, person, count: int) -> None:
    """Behind the site's back, `person` has said so much, and everybody has heard it."""
    site.transaction(
        FILL.format(count=count, author=person.id), f"UPDATE chat_log SET seq = {count}"
    )


def test_people_talk_while_thousands_of_messages_are_hidden(site, moderator, join):
    spammer = join(site, "Spammer")
    has_said(site, spammer, 5 * PART)
    ada, bob = join(site, "Ada"), join(site, "Bob", process=-1)
    answer = moderator.submits(
        f"/admin/chat/member/{spammer.id}/ban/", lasts="day", hide_messages="on", reason="spam"
    )
    assert "Spammer is banned." in answer
    assert f"500 hidden. {4 * PART:,} more are being hidden" in answer
    assert spammer.gets("bye")["code"] == "banned"
    spoke = []

    def is_done() -> bool:
        spoke.append(ada.says(f"and so I said, {len(spoke)}"))
        return (
            site.sql("SELECT count(*) AS open FROM chat_act WHERE done_at IS NULL")[0]["open"] == 0
        )

    eventually(is_done, 60)
    bob.hears(f"and so I said, {len(spoke) - 1}")
    rows = site.sql("SELECT rev, hidden_at FROM chat_message ORDER BY rev")
    parts = [len(list(part)) for at, part in groupby(rows, lambda row: row["hidden_at"]) if at]
    assert parts == [PART] * 5  # each a transaction of its own
    gone = [row["rev"] for row in rows if row["hidden_at"]]
    assert any(gone[0] < seq < gone[-1] for seq in spoke)
    page = moderator.reads("/admin/chat/act/")
    assert f'field-changed">{5 * PART}' in page


@pytest.mark.stack("embedded")  # by a trigger in SQLite's words
def test_a_ban_stands_though_the_hiding_fails(site, moderator, join):
    spammer = join(site, "Another spammer")
    spammer.says("buy")
    site.sql(
        "CREATE TRIGGER no_acts BEFORE INSERT ON chat_act BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    answer = moderator.submits(
        f"/admin/chat/member/{spammer.id}/ban/", lasts="day", hide_messages="on", reason="spam"
    )
    site.sql("DROP TRIGGER no_acts")
    assert "Another spammer is banned." in answer
    assert "could not be hidden" in answer
    assert spammer.gets("bye")["code"] == "banned"
