"""What is tried until its outcome is known, before a database that fails in every way."""

import asyncio

import psycopg
import pytest
from django import db

from chat.log.entries import Stored
from chat.relay.writing import retry
from chat.tests.relay.writing.played import OUTAGES, OWN_FAULTS, fails, poisoned, raised
from chat.tests.support import until

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


# --- Outages --------------------------------------------------------------------------------------
@pytest.mark.parametrize("error", OUTAGES.values(), ids=OUTAGES)
async def test_in_an_outage_it_tries_on_though_nobody_does_and_then_takes_posts(
    room, error, caplog
):
    room.database.is_sound = False
    room.database.trouble = fails(error)
    room.posts("hello")
    await until(lambda: len(room.database.attempts) > 5)
    assert not room.writer.takes_posts
    assert await room.refuses("new")
    assert room.told["hello"] == []
    room.database.trouble = fails(error, 0)
    room.database.is_sound = True
    await until(lambda: room.is_stored("hello"))
    await until(lambda: room.writer.takes_posts)
    room.posts("and now")
    await until(lambda: room.is_stored("and now"))
    lines = [record.getMessage() for record in caplog.records if record.levelname != "DEBUG"]
    assert len(lines) == 2, lines
    assert lines[0].startswith("the database can't be written to: ")
    assert "secret" not in lines[0]
    assert lines[1] == "the database is back"


async def test_whatever_ends_an_attempt_ends_its_being_down(room, monkeypatch):
    """It was five seconds late, then failed in another way, and its author did not come back."""
    monkeypatch.setattr(retry, "PATIENCE", 0.01)
    late = raised(db.IntegrityError, psycopg.errors.CheckViolation)

    async def hang():
        await asyncio.sleep(0.05)
        raise late

    room.database.trouble = lambda drafts: hang() if drafts[0].text == "poison" else None
    room.posts("poison")
    await until(lambda: not room.writer.takes_posts)
    await until(lambda: room.codes("poison"))
    await until(lambda: room.writer.takes_posts)
    room.posts("others")
    await until(lambda: room.is_stored("others"))


async def test_a_commit_whose_answer_is_lost_is_one_message_under_its_number(room):
    lost = iter([True])

    def lose():
        if next(lost, False):
            raise OUTAGES["the connection is lost"]

    room.database.after_commit = lose
    room.posts("hello")
    await until(lambda: room.told["hello"])
    assert [outcome.seq for outcome in room.told["hello"]] == [1]
    assert len(room.database.rows) == 1


async def test_who_is_cancelled_in_an_outage_leaves_nobody_a_lie(room):
    room.database.trouble = fails(OUTAGES["read-only"])
    room.posts("hello")
    await until(lambda: not room.writer.takes_posts)
    for task in room.tasks:
        task.cancel()
    await asyncio.gather(*room.tasks, return_exceptions=True)
    assert room.told["hello"] == []


# --- One message's own fault ----------------------------------------------------------------------
@pytest.mark.parametrize("error", OWN_FAULTS.values(), ids=OWN_FAULTS)
async def test_a_message_that_alone_fails_fails_alone_in_one_line(room, error, caplog):
    room.database.trouble = poisoned(error)
    for text in ("before", "poison", "after"):
        room.posts(text)
    await until(lambda: all(room.told.values()))
    assert room.is_stored("before")
    assert room.is_stored("after")
    assert room.codes("poison") == ["invalid_text"]
    assert room.writer.takes_posts
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 1, lines
    assert "secret" not in lines[0]


async def test_what_fails_alone_but_was_stored_before_is_accepted(room):
    """An earlier commit has happened, and its answer was lost; now it is too slow."""
    room.database.rows["ada", "poison"] = 1, "poison"
    room.database.trouble = poisoned(OWN_FAULTS["it takes too long"])
    room.database.no_reading = OUTAGES["the connection is lost"]
    room.posts("poison")
    await until(lambda: len(room.database.attempts) == 2)
    await until(lambda: not room.writer.takes_posts)  # so that nothing new waits behind it
    assert room.told["poison"] == []
    room.database.no_reading = None
    await until(lambda: room.told["poison"])
    await until(lambda: room.writer.takes_posts)
    assert room.told["poison"] == [Stored(1, fresh=False)]


async def test_a_batch_that_is_too_much_at_once_is_stored_one_by_one_in_its_order(room):
    def trouble(drafts):
        if len(drafts) > 1:
            raise OWN_FAULTS["it takes too long"]

    room.database.trouble = trouble
    for number in range(20):
        room.posts(f"{number}")
    await until(lambda: all(room.told.values()))
    assert [room.told[f"{number}"][0].seq for number in range(20)] == list(range(1, 21))
