"""The writer before a database that fails in every way: played, so that it fails when we say."""

import asyncio
from collections.abc import Callable

import psycopg
import pytest
from django import db

from chat.log import append, head, upkeep
from chat.log.append import Draft
from chat.log.batch import Batch
from chat.protocol.errors import FrameError
from chat.relay.writing import retry, writer
from chat.relay.writing.posts import Stored
from chat.relay.writing.writer import Writer
from chat.tests.support import until

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


def raised(kind: type[Exception], cause: type[Exception] | None = None) -> Exception:
    """An error as Django raises it."""
    error = kind("it says why\nDETAIL: (secret)")
    error.__cause__ = cause and cause("it says why")
    return error


OUTAGES = {
    "the connection is lost": raised(db.OperationalError, psycopg.OperationalError),
    "the connection is closed": raised(db.InterfaceError),
    "a lock is held": raised(db.OperationalError, psycopg.errors.LockNotAvailable),
    "we idled in a transaction": raised(
        db.InternalError, psycopg.errors.IdleInTransactionSessionTimeout
    ),
    "read-only": raised(db.InternalError, psycopg.errors.ReadOnlySqlTransaction),
    "no INSERT": raised(db.ProgrammingError, psycopg.errors.InsufficientPrivilege),
    "no such column": raised(db.ProgrammingError, psycopg.errors.UndefinedColumn),
    "disk full": raised(db.OperationalError, psycopg.errors.DiskFull),
    "a statement takes too long": raised(db.OperationalError, psycopg.errors.QueryCanceled),
    "a row is missing": head.RowMissing("gone"),
    "the numbers are taken": raised(db.IntegrityError, psycopg.errors.UniqueViolation),
    "a bug": ValueError("oops"),
}
OWN_FAULTS = {
    "a constraint": raised(db.IntegrityError, psycopg.errors.CheckViolation),
    "no such character": raised(db.DataError, psycopg.errors.UntranslatableCharacter),
    "a trigger": raised(db.ProgrammingError, psycopg.errors.RaiseException),
    "too large for an index": raised(db.OperationalError, psycopg.errors.ProgramLimitExceeded),
    "it takes too long": raised(db.OperationalError, psycopg.errors.QueryCanceled),
}


class Database:
    """A log in memory, in place of the writer's threads. `trouble` may raise, or wait; whoever
    looks something up meets `no_reading`."""

    def __init__(self):
        self.rows: dict[tuple[str, str], tuple[int, str]] = {}
        self.attempts: list[list[str]] = []  # the texts of each
        self.is_sound = True
        self.trouble: Callable[[list[Draft]], object] = lambda drafts: None
        self.no_reading: Exception | None = None
        self.after_commit: Callable[[], object] = lambda: None
        self._jobs = {
            append.store: self._append,
            append.find: self._find,
            upkeep.mend: self._mend,
            upkeep.try_out: self._try_out,
        }

    async def run(self, job, *args):
        await asyncio.sleep(0)
        return await self._jobs[job](*args)

    async def _append(self, drafts, known):
        self.attempts.append([draft.text for draft in drafts])
        waits = self.trouble(drafts)
        if waits is not None:
            await waits
        first = len(self.rows) + 1
        fresh = {draft.key: draft.text for draft in drafts if draft.key not in self.rows}
        for seq, (key, text) in enumerate(fresh.items(), first):
            self.rows[key] = seq, text
        self.after_commit()
        new = [Batch("e", first, len(self.rows), ())] if fresh else []
        return [self._seq(draft) for draft in drafts], new

    async def _find(self, drafts):
        if self.no_reading:
            raise self.no_reading
        return [self._seq(draft) for draft in drafts]

    def _seq(self, draft: Draft) -> int | None:
        seq, text = self.rows.get(draft.key, (None, draft.text))
        return seq if text == draft.text else None

    async def _mend(self):
        return False

    async def _try_out(self):
        if not self.is_sound:
            raise raised(db.ProgrammingError)


class Room:
    """A writer at work, and what its authors were told."""

    def __init__(self):
        self.database = Database()
        self.told: dict[str, list[Stored | FrameError]] = {}
        self.committed: list[Batch] = []
        self.writer = Writer(
            self.database,
            self.database,
            position=lambda: None,
            committed=self.committed.extend,
        )
        self.tasks = [asyncio.create_task(work()) for work in self.writer.tasks]

    def posts(self, text: str, refusal: FrameError | None = None, nonce: str = "") -> None:
        told = self.told.setdefault(text, [])
        self.writer.post(Draft("ada", "Ada", nonce or text, text), told.append, refusal)

    def is_stored(self, text: str) -> bool:
        return any(isinstance(outcome, Stored) for outcome in self.told[text])

    def codes(self, text: str) -> list[str]:
        return [outcome.code for outcome in self.told[text] if isinstance(outcome, FrameError)]

    async def refuses(self, text: str) -> bool:
        """Whether it is `busy`, for certain: nothing is stored, nor will be."""
        self.posts(text)
        await until(lambda: self.told[text])
        return self.codes(text) == ["busy"]


@pytest.fixture
async def room(monkeypatch):
    monkeypatch.setattr(retry, "PAUSES", (0.001,))
    room = Room()
    yield room
    for task in room.tasks:
        task.cancel()
    await asyncio.gather(*room.tasks, return_exceptions=True)


def fails(error: Exception, times: int = 10**9) -> Callable[[list[Draft]], None]:
    """Trouble: that error, so often."""
    left = iter(range(times))

    def trouble(drafts):
        if next(left, None) is not None:
            raise error

    return trouble


def poisoned(error: Exception) -> Callable[[list[Draft]], None]:
    """Trouble: that error, wherever one of the texts is poison."""

    def trouble(drafts):
        if any(draft.text == "poison" for draft in drafts):
            raise error

    return trouble


# --- Outages -------------------------------------------------------------------------------------
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


async def test_who_is_cancelled_in_an_outage_leaves_nobody_a_lie(room):
    room.database.trouble = fails(OUTAGES["read-only"])
    room.posts("hello")
    await until(lambda: not room.writer.takes_posts)
    for task in room.tasks:
        task.cancel()
    await asyncio.gather(*room.tasks, return_exceptions=True)
    assert room.told["hello"] == []


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


# --- Before others deliver -----------------------------------------------------------------------
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


# --- One message's own fault ---------------------------------------------------------------------
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


# --- Whether it was stored before ----------------------------------------------------------------
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

    room.writer.post(Draft("eve", "Eve", "gone", "gone"), gone, None)
    room.posts("hello")
    await until(lambda: room.is_stored("hello"))
