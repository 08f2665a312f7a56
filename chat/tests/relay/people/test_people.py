"""Names and tabs before a database that takes its time, or fails."""

import asyncio

import pytest

from chat.members.claims import Claim, Claimed
from chat.policy.names import name_limiter
from chat.protocol.errors import FrameError
from chat.relay.people import names as module
from chat.relay.people import people
from chat.relay.people.people import People
from chat.tests.relay.people.played import Database, Group, Tab
from chat.tests.support import until

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


@pytest.fixture
async def room():
    room = People(Database(), Group(), lambda text: None)
    room.database, room.group = room._threads, room._group
    working = [asyncio.create_task(work()) for work in room.tasks]
    yield room
    for task in working:
        task.cancel()
    await asyncio.gather(*working, return_exceptions=True)


def arrives(room: People, name: str | None = None, member_id: str = "ada") -> Tab:
    """A tab that has joined, under a name or not."""
    tab = Tab(member_id=member_id)
    room.arrive(tab)
    if name:
        room.named(tab, Claimed(name))
    return tab


# --- Tabs -----------------------------------------------------------------------------------------
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


async def test_a_name_that_is_granted_after_who_wanted_it_was_told_busy_is_told_to_their_tabs(
    room, monkeypatch
):
    monkeypatch.setattr(module, "PATIENCE", 0.02)
    tab = Tab()
    room.arrive(tab)
    with pytest.raises(FrameError):
        await room.claim(Claim("ada", "Ada", None))
    assert tab.told == []
    room.database.answers.set()
    await asyncio.sleep(0.01)
    assert tab.told == ["Ada"]
    assert room.presence.name("ada") == "Ada"
    assert {"type": "you", "id": "ada"} in room.group.hints


# --- Other processes ------------------------------------------------------------------------------
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


async def test_a_name_that_can_not_be_asked_for_keeps_no_other_from_it(room, monkeypatch):
    monkeypatch.setattr(people, "SEEN", 0.001)
    first, second = arrives(room, "Ada"), arrives(room, "Bob", "bob")
    claim = room.claim

    async def claim_not_adas(wanted):
        if wanted.member_id == "ada":
            raise FrameError("busy")
        return await claim(wanted)

    room.claim = claim_not_adas
    room.database.answers.set()
    seeing = asyncio.create_task(room._see())
    await until(lambda: second.told)
    seeing.cancel()
    assert (first.told, second.told[0]) == ([], "resync")


# --- The end --------------------------------------------------------------------------------------
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


async def test_a_new_name_that_nobody_waited_for_any_more_counts_against_its_address(
    room, monkeypatch
):
    counted: list[str] = []
    monkeypatch.setattr(module, "PATIENCE", 0.02)
    monkeypatch.setattr(name_limiter, "took", counted.append)
    with pytest.raises(FrameError):
        await room.claim(Claim("ada", "Ada", "192.0.2.1"))
    assert counted == []
    room.database.answers.set()
    await until(lambda: counted == ["192.0.2.1"])
