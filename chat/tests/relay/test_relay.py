"""The relay as a whole, before a log and a channel layer that do as a test says."""

import asyncio
import json
import threading

import pytest
from django.db import OperationalError

from chat.log import read
from chat.log.batch import Batch, Event
from chat.log.entries import Draft, Stored
from chat.members.claims import Claim
from chat.protocol.errors import FrameError
from chat.protocol.incoming import Since
from chat.relay import relay as module
from chat.relay.following import pings, tail
from chat.relay.work.threads import Threads
from chat.tests.support import until
from chat.tests.support.played import HANG

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


class Socket:
    """What the relay knows of one, and what it was told."""

    name = None

    def __init__(self, member_id: str = "ada", address: str = "192.0.2.1"):
        self.member_id, self.address, self.guest = member_id, address, False
        self.generation = 0
        self.told: list[str] = []

    def send_text(self, text: str) -> bool:
        frame = json.loads(text)
        for message in frame.get("messages", ()):
            self.told.append(message["text"])
        if frame["type"] not in ("messages", "presence"):
            seq = frame.get("seq", "")
            self.told.append(f"{frame['type']} {seq}".strip())
        return True

    async def flushed(self) -> None:
        pass

    def renamed(self, name: str) -> None:
        self.told.append(name)

    def dismiss(self, code: str, message: str, retry_after: float | None = None) -> None:
        self.told.append(f"bye {code}")


@pytest.fixture
async def relay(make_relay):
    relay = make_relay()
    await relay.started()
    return relay


def attends(relay, *member_ids: str) -> list[Socket]:
    sockets = [Socket(member_id) for member_id in member_ids]
    for socket in sockets:
        relay.welcome(socket)
        relay.attend(socket)
        relay.follow(socket, relay.tail.catch_up(relay.tail.position), keeps_up=True)
    return sockets


def posts(relay, socket: Socket, text: str) -> None:
    def settle(outcome: Stored | FrameError) -> None:
        socket.told.append("accepted" if isinstance(outcome, Stored) else outcome.code)

    relay.write(Draft(socket.member_id, "Ada", f"nonce-{text}", text), settle)


# --- The start -----------------------------------------------------------------------------------
async def test_who_comes_while_the_history_is_read_waits_for_it_and_no_longer(make_relay, log):
    log.says("before")
    log.trouble = OperationalError("starting up")
    relay = make_relay()
    waiting = [asyncio.create_task(relay.started()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.gather(waiting[0], return_exceptions=True)
    log.trouble = None
    await asyncio.gather(*waiting[1:])
    (ada,) = attends(relay, "ada")
    log.says("after")
    await until(lambda: ada.told == ["after"])


async def test_where_the_history_can_not_be_read_who_comes_is_told_busy(
    make_relay, log, monkeypatch
):
    monkeypatch.setattr(tail, "START", 0.01)
    log.trouble = HANG
    with pytest.raises(FrameError) as caught:
        await make_relay().started()
    assert caught.value.code == "busy"


async def test_rules_that_can_not_be_read_are_no_start(make_relay, log, monkeypatch):
    monkeypatch.setattr(tail, "START", 0.01)
    log.no_rules = OperationalError("gone")
    relay = make_relay()
    with pytest.raises(FrameError):
        await relay.started()
    log.no_rules = None
    monkeypatch.setattr(tail, "START", 5)
    await relay.started()


# --- Messages ------------------------------------------------------------------------------------
async def test_the_author_hears_of_a_post_before_anybody_gets_it(relay):
    ada, bob = attends(relay, "ada", "bob")
    posts(relay, ada, "hello")
    await until(lambda: bob.told)
    assert (ada.told, bob.told) == (["accepted", "hello"], ["hello"])


async def test_who_has_left_gets_nothing_more(relay):
    ada, bob = attends(relay, "ada", "bob")
    relay.leave(bob)
    posts(relay, ada, "hello")
    await until(lambda: len(ada.told) == 2)
    assert bob.told == []


async def test_a_history_that_was_put_back_sends_everybody_to_the_start(relay, log):
    (ada,) = attends(relay, "ada")
    log.epoch = "another"
    await until(lambda: ada.told == ["bye resync"])


async def test_while_this_process_can_not_store_the_others_messages_and_bans_come(relay, log):
    ada, eve = attends(relay, "ada", "eve")
    log.no_writing = HANG
    posts(relay, ada, "stuck")
    log.says("hello")
    await until(lambda: ada.told == ["hello"])
    log.bans_member("eve")
    await until(lambda: eve.told == ["hello", "bye banned"])
    log.no_writing = None
    await until(lambda: ada.told == ["hello", "accepted", "stuck"])


async def test_a_message_whose_commit_has_no_answer_is_accepted_before_the_log_brings_it(
    relay, log
):
    (ada,) = attends(relay, "ada")
    log.no_writing = HANG
    posts(relay, ada, "hello")
    log.stores("ada", "hello")
    await until(lambda: ada.told == ["accepted", "hello"])
    log.no_writing = None
    posts(relay, ada, "and then")
    await until(lambda: ada.told[2:] == ["accepted", "and then"])


# --- Other processes -----------------------------------------------------------------------------
@pytest.fixture
async def unhurried(relay, monkeypatch):
    """It looks by itself no more: what comes, comes by a hint."""
    monkeypatch.setattr(tail, "PAUSE", (60, 60))
    await until(lambda: relay.group.channel_name)
    relay.tail.nudge()
    await asyncio.sleep(0.01)
    return relay


async def test_what_another_process_has_stored_comes_with_its_hint(unhurried, layer):
    (ada,) = attends(unhurried, "ada")
    batch = Batch("e", 1, 1, (Event(1, 1, True, '{"text":"hello"}'),))
    await layer.group_send("room", batch.as_hint() | {"process": "another"})
    await until(lambda: ada.told == ["hello"])


async def test_whoever_has_changed_something_makes_all_look(unhurried, log, layer):
    (ada,) = attends(unhurried, "ada")
    log.says("hello")
    await layer.group_send("room", {"type": "look"})
    await until(lambda: ada.told == ["hello"])


async def test_who_asks_is_told_what_the_database_has_by_then(unhurried, log, monkeypatch):
    monkeypatch.setattr(pings, "GATHER", 0.001)
    log.says("hello")
    socket = Socket()
    unhurried.ping(socket)
    await until(lambda: socket.told)
    assert socket.told == ["tick 1"]


# --- Positions -----------------------------------------------------------------------------------
async def test_a_client_goes_on_from_where_it_was_also_where_this_process_is_behind(unhurried, log):
    log.says("seen by another process")
    assert await unhurried.tail.resumable(Since("e", 1))
    assert await unhurried.tail.resumable(Since("e", 0))
    assert not await unhurried.tail.resumable(Since("e", 2))
    assert not await unhurried.tail.resumable(Since("another", 0))
    assert not await unhurried.tail.resumable(None)


async def test_whoever_waits_for_news_is_told_and_who_stops_waiting_takes_it_from_nobody(
    relay, log
):
    since = relay.tail.position
    gone, waiting = (asyncio.create_task(relay.tail.moved(since, 60)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    assert not waiting.done()
    log.says("hello")
    await asyncio.wait_for(waiting, 5)


async def test_at_the_end_who_waits_for_news_is_let_go(relay):
    waiting = asyncio.create_task(relay.tail.moved(relay.tail.position, 60))
    await asyncio.sleep(0)
    await relay.farewell()
    await asyncio.wait_for(waiting, 5)


# --- Rules ---------------------------------------------------------------------------------------
async def test_a_ban_shuts_its_sockets_out_as_soon_as_it_is_read_and_no_other(relay, log):
    ada, eve = attends(relay, "ada", "eve")
    log.bans_member("eve")
    await until(lambda: eve.told)
    assert (ada.told, eve.told) == ([], ["bye banned"])
    with pytest.raises(FrameError):
        relay.rules.bans.check("eve", None)


async def test_who_is_signed_out_has_to_come_again_and_who_has_the_new_cookie_stays(relay, log):
    old, new, other = attends(relay, "ada", "ada", "bob")
    new.generation = 1
    log.generations, log.version = {"ada": 1}, log.version + 1
    await until(lambda: old.told)
    assert (old.told, new.told, other.told) == (["bye resync"], [], [])


async def test_a_room_that_has_changed_is_told_to_all_once(relay, log):
    (ada,) = attends(relay, "ada")
    log.room.notice, log.version = "Be kind", log.version + 1
    await until(lambda: ada.told)
    log.version += 1
    log.says("and then")
    await until(lambda: "and then" in ada.told)
    assert ada.told == ["room", "and then"]


async def test_rules_that_can_not_be_read_stay_until_they_can(relay, log):
    (eve,) = attends(relay, "eve")
    log.no_rules = OperationalError("gone")
    log.bans_member("eve")
    await asyncio.sleep(0.02)
    assert eve.told == []
    log.no_rules = None
    await until(lambda: eve.told == ["bye banned"])


# --- The end -------------------------------------------------------------------------------------
async def test_at_the_farewell_authors_are_told_first_then_everybody_goes(relay):
    ada, bob = attends(relay, "ada", "bob")
    posts(relay, ada, "last words")
    await relay.farewell()
    assert ada.told.index("accepted") < ada.told.index("bye restart")
    assert bob.told[-1] == "bye restart"
    with pytest.raises(FrameError) as caught:
        await relay.started()
    assert (caught.value.code, caught.value.retry_after > 0) == ("busy", True)


async def test_who_has_not_joined_hears_of_the_end_too_and_who_comes_after_it_at_once(relay):
    early, gone, late = Socket(), Socket(), Socket()
    relay.welcome(early)
    relay.welcome(gone)
    relay.leave(gone)
    await relay.farewell()
    relay.welcome(late)
    assert (early.told, gone.told, late.told) == (["bye restart"], [], ["bye restart"])


async def test_a_farewell_does_not_wait_for_a_database_that_hangs(relay, log, monkeypatch):
    monkeypatch.setattr(module, "FAREWELL", 0.01)
    (ada,) = attends(relay, "ada")
    log.no_writing = HANG
    posts(relay, ada, "last words")
    await asyncio.wait_for(relay.farewell(), 5)
    assert ada.told == ["bye restart"]  # and nothing that might be a lie


async def test_what_waits_at_the_end_is_stored_and_told_to_the_others(relay, log, layer):
    (ada,) = attends(relay, "ada")
    for number in range(3):
        posts(relay, ada, f"{number}")
    await relay.stop()
    assert len(log.events) == 3
    told = [event for hint in layer.sent if hint["type"] == "stored" for event in hint["events"]]
    assert [event["rev"] for event in told] == [1, 2, 3]


async def test_who_is_refused_at_the_end_is_told_so(relay, log):
    told = []
    log.trouble = HANG
    relay.write(Draft("ada", "Ada", "nonce-1", "hello"), told.append, FrameError("rate_limited"))
    asyncio.get_running_loop().call_later(0.02, setattr, log, "trouble", None)
    await relay.stop()
    assert [refusal.code for refusal in told] == ["rate_limited"]


@pytest.mark.parametrize("hanging", ["database", "channel layer"])
async def test_whatever_hangs_the_end_comes_and_leaves_nothing_at_work(
    relay, log, layer, threads, monkeypatch, hanging
):
    monkeypatch.setattr(module, "STOP", 0.02)
    before = asyncio.all_tasks()
    (ada,) = attends(relay, "ada")
    if hanging == "database":
        log.trouble = HANG
    else:
        layer.trouble = HANG
    posts(relay, ada, "last words")
    await asyncio.wait_for(relay.stop(), 5)
    assert [made.stopped for made in threads] == [True, True, True]
    assert not [task for task in before if task is not asyncio.current_task() and not task.done()]


async def test_a_part_that_meets_a_bug_goes_on(relay, log, caplog, monkeypatch):
    sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda seconds: sleep(min(seconds, 0.001)))
    (ada,) = attends(relay, "ada")
    log.trouble = ValueError("a bug")
    await until(lambda: any("it goes on" in line for line in caplog.messages))
    log.trouble = None
    log.says("hello")
    await until(lambda: ada.told == ["hello"])


# --- Looking back --------------------------------------------------------------------------------
async def test_who_looks_back_again_and_again_keeps_no_other_work_waiting(
    make_relay, log, monkeypatch
):
    go, made = threading.Event(), []

    class Slow(Threads):
        """Every job takes a real thread; who looks back keeps it until the test says so."""

        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            made.append(self)

        async def run(self, job, *args):
            if job is read.before:
                return await super().run(lambda: ([], go.wait(5)))
            await super().run(int)
            return await log.run(job, *args)

    monkeypatch.setattr(module, "Threads", Slow)
    relay = make_relay()
    await relay.started()
    looking = [asyncio.create_task(relay.older(1, 1)) for _ in range(300)]
    claimed = await relay.people.claim(Claim("ada", "Ada", None))
    assert claimed.name == "Ada"
    go.set()
    answers = await asyncio.gather(*looking, return_exceptions=True)
    busy = [answer for answer in answers if isinstance(answer, FrameError)]
    assert len(busy) == 300 - module.LOOKING_BACK
    assert {answer.code for answer in busy} == {"busy"}
