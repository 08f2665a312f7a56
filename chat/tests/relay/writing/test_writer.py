"""The writer: what is refused, given back, or in doubt, while its database is in trouble."""

import asyncio

import pytest

from chat.log.entries import Change, Draft, Stored
from chat.protocol.errors import FrameError
from chat.protocol.incoming import Edit
from chat.relay.writing import writer
from chat.tests.relay.writing.played import OUTAGES, fails
from chat.tests.support import until

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


# --- What is refused and given back ---------------------------------------------------------------
async def test_what_was_never_tried_is_given_back_and_a_retry_of_what_is_tried_is_not(room):
    begun, answer = asyncio.Event(), asyncio.Event()

    async def hang():
        begun.set()
        await answer.wait()
        raise OUTAGES["the connection is lost"]

    hanging = iter([hang()])
    room.database.trouble = lambda drafts: next(hanging, None)
    room.posts("tried")
    await begun.wait()
    room.posts("waits")
    answer.set()
    await until(lambda: room.codes("waits") == ["busy"])
    await until(lambda: room.is_stored("tried"))
    assert [text for texts in room.database.attempts for text in texts] == ["tried", "tried"]


async def test_a_retry_of_what_is_being_tried_waits_for_its_outcome(room):
    room.database.trouble = fails(OUTAGES["no INSERT"])
    room.database.is_sound = False
    room.posts("hello")
    await until(lambda: not room.writer.takes_posts)
    room.posts("hello")
    room.posts("hello", FrameError("rate_limited"))
    assert await room.refuses("other")
    room.database.trouble, room.database.is_sound = fails(ValueError(), 0), True
    await until(lambda: len(room.told["hello"]) == 3)
    assert room.codes("hello") == []
    assert len(room.database.rows) == 1


async def test_a_full_queue_refuses_and_then_takes_posts_again(room, monkeypatch):
    answer = asyncio.Event()
    room.database.trouble = lambda drafts: answer.wait()
    room.posts("first")
    await until(lambda: room.database.attempts)
    for number in range(writer.CAPACITY):
        room.posts(f"{number}")
    assert await room.refuses("one too many")
    room.posts("first")  # it is being stored: its retry waits for the same outcome
    answer.set()
    await until(lambda: len(room.told["first"]) == 2)
    assert room.codes("first") == []
    await until(lambda: all(room.is_stored(f"{number}") for number in range(writer.CAPACITY)))
    room.posts("again")
    await until(lambda: room.is_stored("again"))


async def test_while_nothing_is_taken_a_retry_of_what_is_stored_is_accepted(room):
    room.database.rows["ada", "stored"] = 1, "stored"
    room.database.trouble = fails(OUTAGES["read-only"])
    room.posts("hello")
    await until(lambda: not room.writer.takes_posts)
    room.posts("stored")
    await until(lambda: room.told["stored"] == [Stored(1, fresh=False)])
    assert await room.refuses("new")


async def test_a_retry_that_is_given_back_untried_is_accepted_where_it_is_stored(room):
    begun, answer = asyncio.Event(), asyncio.Event()

    async def hang():
        begun.set()
        await answer.wait()
        raise OUTAGES["the connection is lost"]

    hanging = iter([hang()])
    room.database.trouble = lambda drafts: next(hanging, None)
    room.database.rows["ada", "stored"] = 1, "stored"
    room.posts("tried")
    await begun.wait()
    room.posts("stored")
    answer.set()
    await until(lambda: room.told["stored"] == [Stored(1, fresh=False)])


async def test_another_change_under_a_nonce_that_waits_is_no_retry_of_it(room):
    """It must not be stored past a refusal."""
    answer = asyncio.Event()
    room.database.trouble = lambda entries: answer.wait()
    told = []
    room.writer.write(Change("ada", Edit("nonce-01", 1, "one")), told.append, None)
    await until(lambda: room.database.attempts)
    refusal = FrameError("rate_limited")
    room.writer.write(Change("ada", Edit("nonce-01", 1, "two")), told.append, refusal)
    await until(lambda: told == [refusal])
    room.writer.write(Change("ada", Edit("nonce-01", 1, "one")), told.append, refusal)
    answer.set()
    await until(lambda: len(told) == 3)
    assert told[1:] == [Stored(1, fresh=True), Stored(1)]


# --- Before others deliver ------------------------------------------------------------------------
async def test_who_reads_the_log_waits_for_no_attempt_that_hangs_and_authors_know_even_so(room):
    answer = asyncio.Event()

    async def hang_once_stored():
        room.database.rows["ada", "hello"] = 1, "hello"
        await answer.wait()

    room.database.trouble = lambda drafts: hang_once_stored()
    room.posts("hello")
    await until(lambda: room.database.rows)
    await asyncio.wait_for(room.writer.tell_authors(), 5)
    assert room.is_stored("hello")
    answer.set()
    room.posts("and then")
    await until(lambda: room.is_stored("and then"))
    assert len(room.told["hello"]) == 1


async def test_who_reads_the_log_during_an_attempt_waits_until_its_authors_know(room, monkeypatch):
    monkeypatch.setattr(writer, "MOMENT", 60)
    answer = asyncio.Event()
    room.database.trouble = lambda drafts: answer.wait()
    room.posts("hello")
    await until(lambda: room.database.attempts)
    reading = asyncio.create_task(room.writer.tell_authors())
    await asyncio.sleep(0.01)
    assert not reading.done()
    answer.set()
    await asyncio.wait_for(reading, 5)
    assert room.told["hello"] == [Stored(1, fresh=True)]


async def test_who_reads_the_log_while_nothing_is_stored_asks_nobody(room):
    room.database.no_reading = OUTAGES["the connection is lost"]
    room.posts("hello")
    await room.writer.drained()
    await room.writer.tell_authors()


# --- Whether it was stored before -----------------------------------------------------------------
async def test_a_refusal_waits_until_it_is_known_that_nothing_is_stored(room):
    room.database.rows["ada", "stored"] = 1, "stored"
    room.database.no_reading = OUTAGES["the connection is lost"]
    for text in ("stored", "new"):
        room.posts(text, FrameError("rate_limited"))
    await asyncio.sleep(0.01)
    assert room.told == {"stored": [], "new": []}
    room.database.no_reading = None
    await until(lambda: all(room.told.values()))
    assert room.told["stored"] == [Stored(1, fresh=False)]
    assert room.codes("new") == ["rate_limited"]


async def test_an_author_who_can_not_be_told_keeps_nobody_else_from_it(room):
    def gone(outcome):
        raise RuntimeError("it is gone")

    room.writer.write(Draft("eve", "Eve", "gone", "gone"), gone, None)
    room.posts("hello")
    await until(lambda: room.is_stored("hello"))
