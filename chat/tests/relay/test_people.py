"""Names and tabs before a database that takes its time, or fails: played, so that it does as we
say."""

import asyncio

import pytest
from django.db import OperationalError

from chat.members import claims
from chat.members.claims import Claim, Claimed
from chat.protocol.errors import FrameError
from chat.relay import people
from chat.relay.people import People
from chat.tests.support import until

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


class Database:
    """Grants every name, once `answers` is set, in place of the threads.

    Who asks for none is called what `holds` says. What is written down besides is `noted`.
    """

    def __init__(self):
        self.answers, self.asked, self.error = asyncio.Event(), [], None
        self.holds: dict[str, str] = {}
        self.noted: list[tuple[str, list[str]]] = []
        self._jobs = {
            claims.claim: lambda asked: [
                Claimed(claim.name or self.holds.get(claim.member_id), renamed=True)
                for claim in asked
            ],
            claims.seen: lambda here: dict(self.holds),
            claims.spoke: lambda ids: self.noted.append(("spoke", ids)),
            claims.free: lambda ids: self.noted.append(("free", ids)),
        }

    async def run(self, job, given):
        if job is claims.claim:
            self.asked += [claim.name for claim in given]
        if self.error:
            raise self.error
        await self.answers.wait()
        return self._jobs[job](given)


class Group:
    def __init__(self):
        self.hints, self.handlers = [], {}
        self.publish = self.hints.append

    def on(self, kind, handler):
        self.handlers[kind] = handler


class Tab:
    address, guest = None, False

    def __init__(self, name: str | None = None, member_id: str = "ada"):
        self.name, self.member_id, self.told = name, member_id, []

    def renamed(self, name: str) -> None:
        self.told.append(name)

    def dismiss(self, code, message, retry_after=None) -> None:
        self.told.append(code)


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(people, "PATIENCE", 0.02)


@pytest.fixture
async def room():
    room = People(Database(), Group(), lambda text: None)
    room.database, room.group = room._threads, room._group
    working = [asyncio.create_task(work()) for work in room.tasks]
    yield room
    for task in working:
        task.cancel()
    await asyncio.gather(*working, return_exceptions=True)


async def asks(room: People, name: str) -> None:
    with pytest.raises(FrameError) as caught:
        await room.claim(Claim("ada", name, None))
    assert caught.value.code == "busy"


@pytest.mark.usefixtures("impatient")
async def test_a_name_that_is_granted_after_who_wanted_it_was_told_busy_is_told_to_their_tabs(room):
    tab = Tab()
    room.arrive(tab)
    await asks(room, "Ada")
    assert tab.told == []
    room.database.answers.set()
    await asyncio.sleep(0.01)
    assert tab.told == ["Ada"]
    assert room.presence.name("ada") == "Ada"
    assert {"type": "you", "id": "ada"} in room.group.hints


@pytest.mark.usefixtures("impatient")
async def test_what_still_waits_when_its_asker_gives_up_is_never_asked(room):
    await asks(room, "First")
    await asks(room, "Second")
    room.database.answers.set()
    claimed = await room.claim(Claim("ada", "Third", None))
    assert claimed.name == "Third"
    assert room.database.asked == ["First", "Third"]


async def test_where_no_name_can_be_given_a_line_says_so_and_why_and_one_that_it_is_over(
    room, caplog
):
    caplog.set_level("INFO")
    room.database.answers.set()
    room.database.error = OperationalError("no such column")
    await asks(room, "Ada")
    await asks(room, "Ada")
    room.database.error = None
    assert (await room.claim(Claim("ada", "Ada", None))).name == "Ada"
    assert caplog.messages == [
        "names can't be given: OperationalError: no such column",
        "names can be given again",
    ]


def asking(room: People, *names: str) -> list[asyncio.Task]:
    return [asyncio.create_task(room.claim(Claim(name.lower(), name, None))) for name in names]


def arrives(room: People, name: str | None = None, member_id: str = "ada") -> Tab:
    """A tab that has joined, under a name or not."""
    tab = Tab(member_id=member_id)
    room.arrive(tab)
    if name:
        room.named(tab, Claimed(name))
    return tab


# --- Several at once -----------------------------------------------------------------------------
async def test_each_of_those_who_ask_at_once_gets_their_own_answer(room):
    waiting = asking(room, "Ada", "Bob", "Cy")
    await until(lambda: room.database.asked)
    room.database.answers.set()
    assert [claimed.name for claimed in await asyncio.gather(*waiting)] == ["Ada", "Bob", "Cy"]


async def test_who_goes_while_names_are_given_takes_nothing_from_the_others(room):
    first = asking(room, "First")
    await until(lambda: room.database.asked == ["First"])
    waiting = asking(room, "Ada", "Bob", "Cy")
    await asyncio.sleep(0)
    for gone in (*first, waiting[1]):
        gone.cancel()
    await asyncio.gather(*first, waiting[1], return_exceptions=True)
    room.database.answers.set()
    assert (await waiting[0]).name == "Ada"
    assert (await waiting[2]).name == "Cy"
    assert room.database.asked == ["First", "Ada", "Cy"]


async def test_a_database_that_fails_is_asked_again_then_all_are_told_busy(room):
    room.database.answers.set()
    room.database.error = OperationalError("gone")
    waiting = asking(room, "Ada", "Bob")
    errors = await asyncio.gather(*waiting, return_exceptions=True)
    assert [error.code for error in errors] == ["busy", "busy"]
    assert room.database.asked == ["Ada", "Bob"] * people.CLAIM_ATTEMPTS
    room.database.error = None
    assert (await asking(room, "Cy")[0]).name == "Cy"


# --- Tabs ----------------------------------------------------------------------------------------
def test_who_closes_one_of_two_tabs_is_still_here():
    room = People(Database(), Group(), lambda text: None)
    first, second = arrives(room, "Ada"), arrives(room, "Ada")
    room.leave(first)
    assert room.presence.name("ada") == "Ada"
    room.leave(second)
    assert room.presence.name("ada") is None


def test_who_leaves_twice_or_never_came_is_counted_once():
    room = People(Database(), Group(), lambda text: None)
    first, second = arrives(room, "Ada"), arrives(room, "Ada")
    room.leave(first)
    room.leave(first)
    room.leave(Tab())
    assert room.presence.name("ada") == "Ada"
    room.leave(second)


def test_a_tab_that_comes_late_has_the_name_that_its_member_has_by_then():
    room = People(Database(), Group(), lambda text: None)
    first = arrives(room, "Ada")
    room.named(first, Claimed("Lady Ada", renamed=True))
    late = Tab("Ada")
    room.arrive(late)
    assert late.name == "Lady Ada"


def test_all_tabs_of_a_member_follow_a_new_name_and_nobody_elses():
    room = People(Database(), Group(), lambda text: None)
    first, second, other = arrives(room, "Ada"), arrives(room), arrives(room, "Bob", "bob")
    room.named(first, Claimed("Lady Ada", renamed=True))
    assert (first.told, second.told, other.told) == ([], ["Lady Ada"], [])
    assert room.presence.local_names() == {"ada": "Lady Ada", "bob": "Bob"}


# --- Other processes -----------------------------------------------------------------------------
async def test_a_rename_in_another_process_is_what_the_database_says(room):
    room.database.answers.set()
    tab = arrives(room, "Ada")
    room.database.holds = {"ada": "Lady Ada"}
    room.group.handlers["you"]({"type": "you", "id": "ada"})
    await until(lambda: tab.told == ["Lady Ada"])
    assert (tab.name, room.presence.name("ada")) == ("Lady Ada", "Lady Ada")


async def test_a_rename_of_somebody_who_is_not_here_asks_nobody(room):
    room.database.answers.set()
    room.group.handlers["you"]({"type": "you", "id": "nobody"})
    await room.stop()
    assert room.database.asked == []


async def test_whose_name_was_given_away_meanwhile_has_to_join_again(room):
    room.database.answers.set()
    tab = arrives(room, "Ada")
    room.group.handlers["you"]({"type": "you", "id": "ada"})
    await until(lambda: tab.told == ["resync"])


async def test_names_that_are_held_are_refreshed_and_a_loss_is_noticed(room, monkeypatch):
    monkeypatch.setattr(people, "SEEN", 0.001)
    room = People(room.database, room.group, lambda text: None)
    room._threads.answers.set()
    working = [asyncio.create_task(work()) for work in room.tasks]
    kept, lost = arrives(room, "Ada"), arrives(room, "Bob", "bob")
    room._threads.holds = {"ada": "Ada"}
    await until(lambda: lost.told)
    for task in working:
        task.cancel()
    await asyncio.gather(*working, return_exceptions=True)
    assert (set(lost.told), kept.told) == ({"resync"}, [])


# --- What is written down ------------------------------------------------------------------------
async def test_who_speaks_and_who_goes_are_written_down_many_at_once(room):
    room.spoke("ada")
    await asyncio.sleep(0)
    for member_id in ("bob", "cy"):
        room.spoke(member_id)
        room.free(member_id)
    room.database.answers.set()
    await room.stop()
    noted = {what: [] for what in ("spoke", "free")}
    for what, ids in room.database.noted:
        noted[what] += ids
    assert noted == {"spoke": ["ada", "bob", "cy"], "free": ["bob", "cy"]}
    assert len(room.database.noted) <= 3


async def test_who_goes_on_speaking_is_looked_at_from_time_to_time(room, monkeypatch):
    room.database.answers.set()
    for _ in range(100):
        room.spoke("ada")
    await room.stop()
    monkeypatch.setattr(people, "SPOKE", 0.0)
    room.spoke("ada")
    await room.stop()
    assert room.database.noted == [("spoke", ["ada"])] * 2


async def test_those_who_have_just_spoken_are_a_bounded_number(room, monkeypatch):
    monkeypatch.setattr(people, "NOTED", 3)
    room.database.answers.set()
    for number in range(10):
        room.spoke(f"{number}")
    await room.stop()
    assert len(room._noted) == 3


async def test_what_can_not_be_written_down_keeps_nothing_that_follows(room):
    room.database.answers.set()
    room.database.error = OperationalError("gone")
    room.free("ada")
    await asyncio.wait_for(room.stop(), 5)
    room.database.error = None
    room.free("bob")
    await asyncio.wait_for(room.stop(), 5)
    assert room.database.noted == [("free", ["bob"])]


# --- The end -------------------------------------------------------------------------------------
async def test_at_the_end_what_was_begun_is_finished_and_the_others_hear_of_it(room):
    tab = arrives(room, "Ada")
    room.database.holds = {"ada": "Lady Ada"}
    room.group.handlers["you"]({"type": "you", "id": "ada"})
    room.free("bob")
    stopping = asyncio.create_task(room.stop())
    await asyncio.sleep(0.005)
    assert not stopping.done()
    room.database.answers.set()
    await asyncio.wait_for(stopping, 5)
    assert tab.told == ["Lady Ada"]
    assert room.database.noted == [("free", ["bob"])]
    last = [hint for hint in room.group.hints if hint["type"] == "presence"][-1]
    assert (last["whole"], last["names"]) == (True, {})
