"""A socket's way out under a server that is not ours: a queue and a task."""

import asyncio

import pytest

from chat.tests.support import until
from chat.web import send_queue
from chat.web.send_queue import AsgiSendQueue, Clogged, make_send_queue

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


class Server:
    """Takes a frame where `open` is set; `trouble` is raised once."""

    def __init__(self):
        self.open, self.trouble = asyncio.Event(), None
        self.sent: list[str] = []

    async def send(self, message: dict) -> None:
        await self.open.wait()
        if self.trouble:
            trouble, self.trouble = self.trouble, None
            raise trouble
        assert message["type"] == "websocket.send"
        self.sent.append(message["text"])


@pytest.fixture
async def server():
    return Server()


@pytest.fixture
async def out(server):
    made = AsgiSendQueue(server.send)
    yield made
    made.stop()


async def test_frames_leave_in_order_and_nobody_waits_for_them(server, out):
    for number in range(5):
        out.write(f"{number}")
    assert server.sent == []
    server.open.set()
    await asyncio.wait_for(out.flushed(), 5)
    assert server.sent == list("01234")


async def test_too_much_for_who_does_not_read_is_told_and_what_waits_goes_out(server, monkeypatch):
    monkeypatch.setattr(send_queue, "CAPACITY", 2)
    out = AsgiSendQueue(server.send)
    out.write("0")
    out.write("1")
    with pytest.raises(Clogged):
        out.write("2")
    server.open.set()
    await asyncio.wait_for(out.flushed(), 5)
    assert server.sent == ["0", "1"]
    out.write("3")
    await asyncio.wait_for(out.flushed(), 5)
    assert server.sent[-1] == "3"
    out.stop()


async def test_who_waits_for_it_is_let_go_though_the_other_side_has_closed(server, out):
    server.trouble = RuntimeError("closed")
    server.open.set()
    out.write("lost")
    out.write("next")
    await asyncio.wait_for(out.flushed(), 5)
    assert server.sent == ["next"]


async def test_who_stops_waiting_loses_nothing_of_what_was_written(server, out):
    out.write("hello")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(out.flushed(), 0.001)
    server.open.set()
    await until(lambda: server.sent == ["hello"])


async def test_after_a_stop_nothing_is_sent_and_nothing_is_at_work(server):
    before = asyncio.all_tasks()
    out = AsgiSendQueue(server.send)
    out.write("hello")
    await asyncio.sleep(0)
    out.stop()
    server.open.set()
    await until(lambda: asyncio.all_tasks() == before)
    assert server.sent == []


async def test_a_server_with_a_way_out_of_its_own_is_taken_at_its_word(server):
    own = object()
    assert make_send_queue({"extensions": {send_queue.EXTENSION: own}}, server.send) is own
    for scope in ({}, {"extensions": None}, {"extensions": {}}):
        made = make_send_queue(scope, server.send)
        assert isinstance(made, AsgiSendQueue)
        made.stop()
