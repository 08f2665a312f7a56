"""Names that are asked for while the database takes its time: played, so that it does as we say."""

import asyncio

import pytest
from django.db import OperationalError

from chat.members.claims import Claim, Claimed
from chat.protocol.errors import FrameError
from chat.relay import people
from chat.relay.people import People

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


class Database:
    """Grants every name, once `answers` is set, in place of the threads."""

    def __init__(self):
        self.answers, self.asked, self.error = asyncio.Event(), [], None

    async def run(self, job, claims):
        self.asked += [claim.name for claim in claims]
        if self.error:
            raise self.error
        await self.answers.wait()
        return [Claimed(claim.name, renamed=True) for claim in claims]


class Group:
    def __init__(self):
        self.hints = []
        self.publish = self.hints.append

    def on(self, kind, handler):
        pass


class Tab:
    member_id, address = "ada", None

    def __init__(self, name: str | None = None):
        self.name, self.told = name, []

    def renamed(self, name: str) -> None:
        self.told.append(name)


@pytest.fixture
async def room(monkeypatch):
    monkeypatch.setattr(people, "PATIENCE", 0.02)
    room = People(Database(), Group(), lambda text: None)
    room.database, room.group = room._threads, room._group
    working = asyncio.create_task(room.tasks[0]())
    yield room
    working.cancel()


async def asks(room: People, name: str) -> None:
    with pytest.raises(FrameError) as caught:
        await room.claim(Claim("ada", name, None))
    assert caught.value.code == "busy"


async def test_a_name_that_is_granted_after_who_wanted_it_was_told_busy_is_told_to_their_tabs(room):
    tab = Tab()
    room.arrive(tab)
    await asks(room, "Ada")
    assert tab.told == []
    room.database.answers.set()
    await asyncio.sleep(0.01)
    assert tab.told == ["Ada"]
    assert room.presence.name("ada") == "Ada"
    assert room.group.hints == [{"type": "you", "id": "ada"}]


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
