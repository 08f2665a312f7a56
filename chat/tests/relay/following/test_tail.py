"""How a process follows the log, before a database that answers what we say."""

import asyncio

import pytest
from django.db import OperationalError

from chat.log import head, read, upkeep
from chat.log.batch import Batch, Event
from chat.log.head import Head
from chat.protocol.incoming import Since
from chat.relay.following import pings, tail
from chat.relay.following.reader import Reader
from chat.relay.following.tail import Tail
from chat.tests.support import until

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


class Database:
    """A log in memory, in place of the threads; `error` is what every question meets."""

    def __init__(self):
        self.head, self.error, self.asked = Head("e", 0, 0), None, 0
        self._jobs = {
            head.read_head: lambda: self.head,
            read.recent: lambda head, count: (self.events(0), 0),
            read.latest: lambda count: self.events(0),
            read.after: lambda seq: [
                Batch(self.head.epoch, seq + 1, self.head.seq, tuple(self.events(seq)))
            ],
        }
        self.mended: list[Head] = []

    def events(self, seq: int) -> list[Event]:
        return [Event(number, number, True, "{}") for number in range(seq + 1, self.head.seq + 1)]

    async def run(self, job, *args):
        self.asked += 1
        await asyncio.sleep(0)
        if job is upkeep.mend:
            self.error, self.head = None, Head("mended", self.head.seq, 0)
            return True
        if self.error:
            raise self.error
        return self._jobs[job](*args)


class Process:
    """A tail at work, and what it brought."""

    def __init__(self):
        self.database = Database()
        self.heard: list[int] = []
        self.fresh = 0
        self.authors_know = asyncio.Event()
        self.authors_know.set()
        self.tail = Tail(
            Reader(self.database),
            tell_authors=self.authors_know.wait,
            deliver=self.deliver,
            begin_afresh=self.begin_afresh,
            follow_rules=self.follow_rules,
        )
        self.tasks = [asyncio.create_task(work()) for work in self.tail.tasks]

    def deliver(self, batch: Batch) -> None:
        self.heard += [event.rev for event in batch.events]

    def begin_afresh(self) -> None:
        self.fresh += 1

    async def follow_rules(self, now: Head) -> None:
        pass


@pytest.fixture
async def process(monkeypatch):
    monkeypatch.setattr(tail, "PAUSE", (0.005, 0.005))
    monkeypatch.setattr(tail, "EARLY", 0.001)
    process = Process()
    await process.tail.started()
    yield process
    for task in process.tasks:
        task.cancel()
    await asyncio.gather(*process.tasks, return_exceptions=True)


def batch(start: int, end: int) -> Batch:
    return Batch("e", start, end, tuple(Event(n, n, True, "{}") for n in range(start, end + 1)))


async def test_what_no_hint_has_brought_a_look_brings(process):
    process.database.head = Head("e", 3, 0)
    await until(lambda: process.heard == [1, 2, 3])


async def test_a_gap_before_what_came_early_is_read_from_the_log(process):
    process.database.head = Head("e", 4, 0)
    process.tail.hear(batch(3, 4))
    await until(lambda: process.heard == [1, 2, 3, 4])


async def test_who_can_not_go_on_from_there_is_never_brought_on_with_a_gap(process):
    process.database.head = Head("e", 3, 0)
    await until(lambda: process.heard == [1, 2, 3])
    (all_of_it,) = process.tail.catch_up(Since("e", 0))
    assert (all_of_it.start, all_of_it.end) == (1, 3)
    beyond = Since("e", 4)
    assert not await process.tail.resumable(beyond)
    with pytest.raises(AssertionError, match="beyond the replay buffer"):
        process.tail.catch_up(beyond)


async def test_a_hundred_who_say_that_they_are_ahead_are_a_look_or_two(process, monkeypatch):
    monkeypatch.setattr(tail, "PAUSE", (60, 60))
    process.tail.nudge()
    await asyncio.sleep(0.02)
    asked = process.database.asked
    ahead = [process.tail.resumable(Since("e", 1000 + number)) for number in range(100)]
    assert set(await asyncio.gather(*ahead)) == {False}
    assert process.database.asked - asked <= 2


async def test_what_is_read_is_delivered_when_its_authors_know(process):
    process.authors_know.clear()
    process.database.head = Head("e", 1, 0)
    await asyncio.sleep(0.05)
    assert process.heard == []
    process.authors_know.set()
    await until(lambda: process.heard == [1])


async def test_an_outage_is_a_line_with_its_reason_and_its_end_another(process, caplog):
    caplog.set_level("INFO")
    process.database.error = OperationalError("gone\nwith the wind")
    asked = process.database.asked
    await until(lambda: process.database.asked > asked + 5)
    process.database.error, process.database.head = None, Head("e", 1, 0)
    await until(lambda: process.heard == [1])
    await until(lambda: len(caplog.messages) > 1)
    assert caplog.messages == [
        "the history can't be read: OperationalError: gone",
        "the history can be read again",
    ]


@pytest.mark.parametrize("error", [OperationalError("gone"), ValueError("a bug")])
async def test_who_has_asked_where_the_log_stands_is_answered_whatever_happens(process, error):
    answers = []
    process.database.error = error
    process.tail.ask(lambda: answers.append(1))
    process.tail.nudge()
    await until(lambda: answers)


async def test_who_has_asked_is_answered_once_though_the_look_hangs(process, monkeypatch):
    monkeypatch.setattr(pings, "ANSWER", 0.02)
    answers = []
    process.authors_know.clear()
    process.database.head = Head("e", 1, 0)
    for asks in range(2):
        process.tail.ask(lambda: answers.append(1))
        await until(lambda asks=asks: len(answers) > asks)
    assert process.heard == [], "it hangs still"
    process.authors_know.set()
    await until(lambda: process.heard == [1])
    assert answers == [1, 1]


async def test_a_row_that_is_gone_is_made_again_and_everybody_starts_afresh(process):
    process.database.head = Head("e", 2, 5)
    await until(lambda: process.heard == [1, 2])
    process.database.error = head.RowMissing("gone")
    await until(lambda: process.fresh == 1)
    assert process.tail.position == Since("mended", 2)
