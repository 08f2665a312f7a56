"""The rules in force, before a log whose head says when to read them."""

import pytest

from chat.log.head import Head
from chat.members import generations
from chat.models import Room
from chat.relay.broadcast import Broadcast
from chat.relay.rules import Rules

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


class Threads:
    """In place of the threads: a room, no bans, and nobody who has signed out."""

    def __init__(self):
        self.read = 0

    async def run(self, job, *args):
        if job is list:
            return []
        if job is generations.read:
            return {}
        self.read += 1
        return Room()


@pytest.mark.parametrize(
    ("now", "read"), [(Head("e", 7, 1), 1), (Head("e", 0, 2), 2), (Head("other", 0, 1), 2)]
)
async def test_they_are_read_once_for_each_version_of_each_history(now, read):
    threads = Threads()
    rules = Rules(threads, Broadcast(lambda socket, seq: None))
    await rules.follow(Head("e", 0, 1))
    await rules.follow(now)
    assert threads.read == read
