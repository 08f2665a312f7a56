"""The rules in force, before a log whose head says when to read them."""

from datetime import datetime

import pytest

from chat.log.head import Head
from chat.members import generations
from chat.models import Ban, Room
from chat.policy.bans import Bans
from chat.relay.broadcast import Broadcast
from chat.relay.rules import Rules

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


class Threads:
    """In place of the threads: a room, no bans, and nobody who has signed out."""

    def __init__(self):
        self.read = 0
        self.bans: list[Ban] = []
        self.signed_out: dict[str, int] = {}
        self.since: list[datetime | None] = []

    async def run(self, job, *args):
        if job is list:
            return self.bans
        if job is generations.read:
            self.since += args
            return self.signed_out
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


class Socket:
    address, generation = "192.0.2.1", 0

    def __init__(self, member_id: str):
        self.member_id, self.told = member_id, []

    def dismiss(self, code, message, retry_after=None):
        self.told.append(code)


async def test_who_has_signed_out_is_shut_out_and_nobody_else_is_looked_at(monkeypatch):
    checked = []
    check = Bans.check
    monkeypatch.setattr(generations.generations, "_current", {})
    monkeypatch.setattr(Bans, "check", lambda *who: checked.append(who[1]) or check(*who))
    threads, broadcast = Threads(), Broadcast(lambda socket, seq: None)
    rules = Rules(threads, broadcast)
    ada, bob, cy = Socket("ada"), Socket("bob"), Socket("cy")
    await rules.follow(Head("e", 0, 1))
    for socket in (ada, bob, cy):
        broadcast.attend(socket)
    threads.signed_out = {"ada": 1}
    await rules.follow(Head("e", 0, 2))
    assert (ada.told, bob.told, checked) == (["resync"], [], [])
    threads.signed_out, threads.bans = {}, [Ban(member_id="bob"), Ban(member_id="cy")]
    await rules.follow(Head("e", 0, 3))
    assert (ada.told, bob.told, cy.told) == (["resync"], ["banned"], ["banned"])
    await rules.follow(Head("another", 0, 3))
    assert [since is None for since in threads.since] == [True, False, False, True]
