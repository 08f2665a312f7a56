"""What is noted of who speaks and who goes, before a database that fails."""

import asyncio

import pytest
from django.db import OperationalError

from chat.relay.people.notes import Notes
from chat.tests.relay.people.played import Database

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


@pytest.fixture
async def notes():
    database = Database()
    notes = Notes(database)
    notes.database = database
    working = [asyncio.create_task(work()) for work in notes.tasks]
    yield notes
    for task in working:
        task.cancel()
    await asyncio.gather(*working, return_exceptions=True)


async def test_who_speaks_and_who_goes_are_written_down_many_at_once(notes):
    notes.spoke("ada")
    await asyncio.sleep(0)
    for member_id in ("bob", "cy"):
        notes.spoke(member_id)
        notes.free(member_id)
    notes.database.answers.set()
    await notes.drained()
    noted = {what: [] for what in ("spoke", "free")}
    for what, ids in notes.database.noted:
        noted[what] += ids
    assert noted == {"spoke": ["ada", "bob", "cy"], "free": ["bob", "cy"]}
    assert len(notes.database.noted) <= 3


async def test_who_goes_on_speaking_is_looked_at_from_time_to_time(notes, monkeypatch):
    notes.database.answers.set()
    for _ in range(100):
        notes.spoke("ada")
    await notes.drained()
    monkeypatch.setattr("chat.relay.people.notes.SPOKE", 0.0)
    notes.spoke("ada")
    await notes.drained()
    assert notes.database.noted == [("spoke", ["ada"])] * 2


async def test_those_who_have_just_spoken_are_a_bounded_number(notes, monkeypatch):
    monkeypatch.setattr("chat.relay.people.notes.NOTED", 3)
    for number in range(10):
        notes.spoke(f"{number}")
    assert len(notes._noted) == 3


async def test_what_can_not_be_written_down_keeps_nothing_that_follows(notes):
    notes.database.answers.set()
    notes.database.error = OperationalError("gone")
    notes.free("ada")
    await asyncio.wait_for(notes.drained(), 5)
    notes.database.error = None
    notes.free("bob")
    await asyncio.wait_for(notes.drained(), 5)
    assert notes.database.noted == [("free", ["bob"])]
