"""Names that are asked for, before a database that takes its time, or fails."""

import asyncio

import pytest
from django.db import OperationalError

from chat.members.claims import Claim
from chat.protocol.errors import FrameError
from chat.relay.people import names as module
from chat.relay.people.names import Names
from chat.tests.relay.people.played import Database
from chat.tests.support import until

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


@pytest.fixture
async def names():
    database = Database()
    names = Names(database, late=lambda member_id, claimed: None)
    names.database = database
    working = [asyncio.create_task(work()) for work in names.tasks]
    yield names
    for task in working:
        task.cancel()
    await asyncio.gather(*working, return_exceptions=True)


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.02)


async def is_told_busy(names: Names, name: str) -> None:
    with pytest.raises(FrameError) as caught:
        await names.claim(Claim("ada", name, None))
    assert caught.value.code == "busy"


def asking(names: Names, *wanted: str) -> list[asyncio.Task]:
    return [asyncio.create_task(names.claim(Claim(name.lower(), name, None))) for name in wanted]


@pytest.mark.usefixtures("impatient")
async def test_what_still_waits_when_its_asker_gives_up_is_never_asked(names):
    await is_told_busy(names, "First")
    await is_told_busy(names, "Second")
    names.database.answers.set()
    claimed = await names.claim(Claim("ada", "Third", None))
    assert claimed.name == "Third"
    assert names.database.asked == ["First", "Third"]


async def test_where_no_name_can_be_given_a_line_says_so_and_why_and_one_that_it_is_over(
    names, caplog
):
    caplog.set_level("INFO")
    names.database.answers.set()
    names.database.error = OperationalError("no such column")
    await is_told_busy(names, "Ada")
    await is_told_busy(names, "Ada")
    names.database.error = None
    assert (await names.claim(Claim("ada", "Ada", None))).name == "Ada"
    assert caplog.messages == [
        "names can't be given: OperationalError: no such column",
        "names can be given again",
    ]


async def test_each_of_those_who_ask_at_once_gets_their_own_answer(names):
    waiting = asking(names, "Ada", "Bob", "Cy")
    await until(lambda: names.database.asked)
    names.database.answers.set()
    assert [claimed.name for claimed in await asyncio.gather(*waiting)] == ["Ada", "Bob", "Cy"]


async def test_who_goes_while_names_are_given_takes_nothing_from_the_others(names):
    first = asking(names, "First")
    await until(lambda: names.database.asked == ["First"])
    waiting = asking(names, "Ada", "Bob", "Cy")
    await asyncio.sleep(0)
    for gone in (*first, waiting[1]):
        gone.cancel()
    await asyncio.gather(*first, waiting[1], return_exceptions=True)
    names.database.answers.set()
    assert (await waiting[0]).name == "Ada"
    assert (await waiting[2]).name == "Cy"
    assert names.database.asked == ["First", "Ada", "Cy"]


async def test_a_database_that_fails_is_asked_again_then_all_are_told_busy(names):
    names.database.answers.set()
    names.database.error = OperationalError("gone")
    waiting = asking(names, "Ada", "Bob")
    errors = await asyncio.gather(*waiting, return_exceptions=True)
    assert [error.code for error in errors] == ["busy", "busy"]
    assert names.database.asked == ["Ada", "Bob"] * module.ATTEMPTS
    names.database.error = None
    assert (await asking(names, "Cy")[0]).name == "Cy"
