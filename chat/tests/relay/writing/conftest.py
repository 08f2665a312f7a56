"""The fixture of the tests of what stores posts."""

import asyncio

import pytest

from chat.relay.writing import retry
from chat.tests.relay.writing.played import Room


@pytest.fixture
async def room(monkeypatch):
    monkeypatch.setattr(retry, "PAUSES", (0.001,))
    room = Room()
    yield room
    for task in room.tasks:
        task.cancel()
    await asyncio.gather(*room.tasks, return_exceptions=True)
