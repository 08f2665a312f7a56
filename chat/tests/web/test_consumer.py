"""A socket on a relay that is played: what waits, who is shut out, what is given back."""

import asyncio
import json

import pytest

from chat.members.cookie import new_token
from chat.policy.connections import connection_limiter
from chat.protocol.errors import FrameError
from chat.tests.support import until
from chat.tests.support.played import HANG
from chat.web import consumers, joining
from chat.web.consumers import ChatConsumer
from chat.web.send_queue import EXTENSION, Clogged

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


class Client:
    """A socket's other end, and its way out: `reads` says whether what is written leaves."""

    def __init__(self):
        self.incoming: asyncio.Queue[dict] = asyncio.Queue()
        self.reads = asyncio.Event()
        self.reads.set()
        self.clogged = False
        self.frames: list[dict] = []
        self.sent: list[dict] = []
        self.scope = {
            "type": "websocket",
            "client": ["192.0.2.1", 50_000],
            "headers": [(b"host", b"localhost")],
            "extensions": {EXTENSION: self},
        }
        self.incoming.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.create_task(ChatConsumer()(self.scope, self.incoming.get, self._send))

    async def _send(self, message: dict) -> None:
        self.sent.append(message)

    def says(self, kind: str, **fields) -> None:
        text = json.dumps({"type": kind, **fields})
        self.incoming.put_nowait({"type": "websocket.receive", "text": text})

    async def joins(self, name: str | None = None) -> None:
        self.says("join", **({"name": name} if name else {}))
        await until(lambda: self.has("hello"))

    async def goes(self) -> None:
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait_for(self.task, 5)

    def has(self, *kinds: str) -> bool:
        return set(kinds) <= {frame["type"] for frame in self.frames}

    def heard(self) -> list[str]:
        return [m["text"] for frame in self.frames for m in frame.get("messages", ())]

    @property
    def code(self) -> int | None:
        """What the socket was closed with."""
        return next((m["code"] for m in self.sent if m["type"] == "websocket.close"), None)

    # --- the send queue --------------------------------------------------------------------------
    def write(self, text: str) -> bool:
        if self.clogged:
            raise Clogged
        self.frames.append(json.loads(text))
        return self.reads.is_set()

    async def flushed(self) -> None:
        await self.reads.wait()

    def stop(self) -> None:
        pass


@pytest.fixture
async def relay(make_relay, monkeypatch, settings):
    settings.CHAT_POST_RATE = settings.CHAT_JOIN_RATE = None
    relay = make_relay()
    monkeypatch.setattr(consumers, "get_relay", lambda: relay)
    await relay.started()
    return relay


@pytest.fixture
async def history(relay, log):
    """One message, which every `hello` is followed by."""
    log.says("before")
    await until(lambda: relay.tail.position.seq == 1)


@pytest.fixture
async def arrive(relay):
    present: list[Client] = []

    def arrive() -> Client:
        present.append(Client())
        return present[-1]

    yield arrive
    for client in present:
        client.task.cancel()
    await asyncio.gather(*(client.task for client in present), return_exceptions=True)


# --- Who it is ------------------------------------------------------------------------------------
async def test_who_one_is_is_settled_at_the_first_join_whatever_becomes_of_it(
    arrive, relay, monkeypatch
):
    async def busy(since):
        raise FrameError("busy", retry_after=1)

    client = arrive()
    with monkeypatch.context() as patched:
        patched.setattr(relay.tail, "resumable", busy)
        client.says("join", name="Ada")
        await until(lambda: client.has("error"))
    client.says("join", token=new_token()[1])
    await until(lambda: client.has("hello"))
    hello = next(frame for frame in client.frames if frame["type"] == "hello")
    assert hello["you"]["name"] == "Ada"
    assert list(relay.people.presence.local_names()) == [hello["you"]["id"]]
    await client.goes()
    assert not relay.people.presence.local_names()


# --- Readers that are behind ---------------------------------------------------------------------
@pytest.mark.usefixtures("history")
async def test_who_reads_slowly_gets_what_they_missed_in_one_piece_when_they_read_on(arrive, log):
    client, bystander = arrive(), arrive()
    await client.joins()
    await bystander.joins()
    client.reads.clear()
    for text in ("1", "2", "3"):
        log.says(text)
        await until(lambda text=text: text in bystander.heard())
    assert client.heard() == ["before", "1"]
    client.reads.set()
    await until(lambda: client.heard() == ["before", "1", "2", "3"])
    assert [frame["to"] for frame in client.frames if frame["type"] == "messages"] == [1, 2, 4]
    log.says("4")
    await until(lambda: client.heard()[-1] == "4")


@pytest.mark.usefixtures("history")
async def test_who_does_not_read_their_hello_gets_the_messages_when_they_do(arrive, log):
    client, bystander = arrive(), arrive()
    client.reads.clear()
    await client.joins()
    await bystander.joins()
    log.says("meanwhile")
    await until(lambda: "meanwhile" in bystander.heard())
    assert client.heard() == []
    client.reads.set()
    await until(lambda: client.heard() == ["before", "meanwhile"])
    assert client.frames[0]["type"] == "hello"


@pytest.mark.usefixtures("history")
async def test_who_is_further_behind_than_the_buffer_reaches_has_to_come_again(
    arrive, log, relay, monkeypatch
):
    monkeypatch.setattr(relay.tail._replay, "_most", 3)
    client, bystander = arrive(), arrive()
    await client.joins()
    await bystander.joins()
    client.reads.clear()
    for number in range(6):
        log.says(f"{number}")
        await until(lambda number=number: f"{number}" in bystander.heard())
    client.reads.set()
    await until(lambda: client.code == 4010)
    assert client.heard() == ["before", "0"]


@pytest.mark.usefixtures("history")
async def test_who_is_behind_is_told_how_far_they_are_when_they_ping(arrive, log):
    client, bystander = arrive(), arrive()
    await client.joins()
    await bystander.joins()
    client.reads.clear()
    for text in ("1", "2", "3"):
        log.says(text)
        await until(lambda text=text: text in bystander.heard())
    client.says("ping", seq=2)
    await until(lambda: client.has("tick"))
    assert client.frames[-1]["seq"] == 2


@pytest.mark.usefixtures("history")
async def test_who_is_cut_off_while_they_are_behind_holds_nothing(arrive, log, relay):
    client, bystander = arrive(), arrive()
    client.reads.clear()
    await client.joins("Ada")
    assert "Ada" in relay.people.online()["names"]
    client.task.cancel()
    await asyncio.gather(client.task, return_exceptions=True)
    assert relay.people.online()["names"] == []
    assert relay._catching_up._tasks == {}
    await bystander.joins()
    log.says("after")
    await until(lambda: "after" in bystander.heard())
    assert "after" not in client.heard()


# --- Who does not join ---------------------------------------------------------------------------
async def test_who_does_not_join_in_time_is_told_and_closed(arrive, monkeypatch):
    monkeypatch.setattr(joining, "IDLE", 0.01)
    client = arrive()
    client.says("ping", seq=0)  # is no join
    await until(lambda: client.code == 4020)
    assert client.frames[-1]["code"] == "idle"


async def test_who_has_joined_in_time_stays_though_the_join_is_no_good(arrive, monkeypatch):
    monkeypatch.setattr(joining, "IDLE", 0.2)
    reader, mistaken = arrive(), arrive()
    await reader.joins()
    mistaken.says("join", name=7)
    await until(lambda: mistaken.has("hello"))
    await asyncio.sleep(0.3)
    assert (reader.code, mistaken.code) == (None, None)


async def test_while_the_relay_starts_nobody_is_idle(arrive, make_relay, log, monkeypatch):
    monkeypatch.setattr(joining, "IDLE", 0.01)
    log.trouble = HANG
    starting = make_relay()
    monkeypatch.setattr(consumers, "get_relay", lambda: starting)
    client = arrive()
    await asyncio.sleep(0.05)
    assert client.code is None
    log.trouble = None
    await until(lambda: client.code == 4020)


# --- Bans ----------------------------------------------------------------------------------------
async def test_who_is_banned_is_told_at_the_join_and_gets_no_hello(arrive, log, relay):
    client = arrive()
    await client.joins("Eve")
    me = client.frames[0]["you"]["id"]
    log.bans_member(me)
    await until(lambda: client.code == 4003)
    assert client.frames[-1]["code"] == "banned"


async def test_a_ban_of_an_address_meets_who_has_not_joined_at_their_join(arrive, log, relay):
    client = arrive()
    log.bans_address("192.0.2.1")
    await until(lambda: relay.rules.bans._networks)
    client.says("join", name="Eve")
    await until(lambda: client.code == 4003)
    assert [frame["type"] for frame in client.frames] == ["bye"]


async def test_a_ban_that_comes_into_force_while_a_name_is_asked_for_holds(arrive, log, relay):
    client = arrive()
    log.no_names = HANG
    client.says("join", name="Eve")
    await asyncio.sleep(0.005)
    log.bans_address("192.0.2.1")
    await until(lambda: relay.rules.bans._networks)
    log.no_names = None
    await until(lambda: client.code == 4003)
    assert not client.has("hello")


# --- Posts ---------------------------------------------------------------------------------------
async def test_who_has_many_unanswered_posts_is_read_no_further_until_some_are_answered(
    arrive, log, monkeypatch
):
    client = arrive()
    await client.joins("Ada")
    log.no_writing = HANG
    for number in range(consumers.UNANSWERED + 10):
        client.says("post", nonce=f"nonce-{number:03}", text=f"{number}")
    await until(lambda: client.incoming.qsize() == 9)
    await asyncio.sleep(0.005)
    assert client.incoming.qsize() == 9


async def test_a_client_that_is_clogged_is_closed(arrive, log):
    client = arrive()
    await client.joins()
    client.clogged = True
    log.says("hello")
    await until(lambda: client.code == 4008)


async def test_who_does_not_read_when_they_are_dismissed_is_closed_once(arrive, relay):
    client = arrive()
    await client.joins()
    client.clogged = True
    await relay.farewell()
    await until(lambda: client.code)
    await client.goes()
    closed = [message for message in client.sent if message["type"] == "websocket.close"]
    assert [message["code"] for message in closed] == [4008]


# --- Coming and going ----------------------------------------------------------------------------
async def test_whoever_goes_gives_back_what_they_held(arrive, log, relay):
    before = connection_limiter._total
    client = arrive()
    await client.joins("Ada")
    assert connection_limiter._total == before + 1
    await client.goes()
    assert connection_limiter._total == before
    assert relay.people.online()["count"] == 0
    await until(lambda: log.released)  # a guest's name is free


async def test_at_the_end_of_the_process_nobody_is_let_in_and_nothing_is_begun(arrive, log, relay):
    client = arrive()
    await client.joins("Ada")
    await relay.farewell()
    assert client.frames[-1]["code"] == "restart"
    client.says("post", nonce="nonce-001", text="too late")
    late = arrive()
    await until(lambda: late.sent)
    assert late.sent[0]["type"] == "websocket.close"
    await client.goes()
    assert log.events == []


@pytest.mark.parametrize("is_joining", [False, True])
async def test_who_has_not_joined_yet_hears_of_the_end_too(arrive, log, relay, is_joining):
    client = arrive()
    await until(lambda: client.sent)
    if is_joining:
        log.no_names = HANG
        client.says("join", name="Ada")
        await until(client.incoming.empty)
    await relay.farewell()
    assert [frame.get("code") for frame in client.frames] == ["restart"]
    await until(lambda: client.code == 4012)
