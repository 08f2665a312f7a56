"""What becomes of a thread's connection: played, log/test_database.py has a real one."""

import asyncio
import threading

import pytest

from chat.protocol.errors import FrameError
from chat.relay.work import threads as module
from chat.relay.work.threads import Threads
from chat.tests.support import until

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


@pytest.fixture
def done(monkeypatch):
    """What was done with connections, and in which thread."""
    done: list[tuple[str, str]] = []

    def note(what: str, given: object = None) -> None:
        done.append((what, threading.current_thread().name.rpartition("_")[0]))

    monkeypatch.setattr(module, "let_go", lambda error: note(f"let go: {error}"))
    monkeypatch.setattr(module, "give_back", lambda: note("given back"))
    monkeypatch.setattr(module, "look_after", lambda: note("looked after"))
    return done


@pytest.fixture(params=[True, False], ids=["pool", "no pool"])
def pooled(request, monkeypatch):
    monkeypatch.setattr(module, "_is_pooled", lambda: request.param)
    return request.param


@pytest.fixture
def make_threads():
    made: list[Threads] = []

    def make(*args, **kwargs) -> Threads:
        made.append(Threads(*args, **kwargs))
        return made[-1]

    yield make
    for threads in made:
        threads.stop()


def fail() -> None:
    raise ValueError("a bug")


async def test_after_work_a_connection_is_given_back_where_there_is_a_pool(
    done, pooled, make_threads
):
    assert await make_threads("work", 1).run(int, "7") == 7
    assert done == ([("given back", "work")] if pooled else [])


async def test_who_keeps_their_connections_gives_none_back(done, pooled, make_threads):
    await make_threads("work", 1, keep=True).run(int, "7")
    assert done == ([("looked after", "work")] if pooled else [])


@pytest.mark.usefixtures("pooled")
@pytest.mark.parametrize("keep", [True, False])
async def test_after_an_error_it_is_let_go_and_the_error_told(done, make_threads, keep):
    with pytest.raises(ValueError, match="a bug"):
        await make_threads("work", 1, keep=keep).run(fail)
    assert done == [("let go: a bug", "work")]


@pytest.mark.usefixtures("pooled")
async def test_work_whose_asker_has_gone_is_finished_and_the_next_is_done(done, make_threads):
    threads, go, finished = make_threads("work", 1), threading.Event(), []
    asking = asyncio.create_task(threads.run(lambda: finished.append(go.wait(5))))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    go.set()
    assert await threads.run(int, "7") == 7
    assert finished == [True]


@pytest.mark.usefixtures("done", "pooled")
async def test_the_end_waits_for_what_has_begun(make_threads):
    threads, begun, go, finished = make_threads("work", 1), threading.Event(), threading.Event(), []

    def work() -> None:
        begun.set()
        finished.append(go.wait(5))

    asking = asyncio.create_task(threads.run(work))
    await until(begun.is_set)
    stopping = asyncio.create_task(asyncio.to_thread(threads.stop))
    await asyncio.sleep(0.005)
    assert not stopping.done()
    go.set()
    await asyncio.wait_for(stopping, 5)
    assert finished == [True]
    await asking


@pytest.mark.usefixtures("done", "pooled")
async def test_beyond_so_many_who_asks_is_told_to_come_again_and_who_gives_up_makes_room(
    make_threads,
):
    threads, go = make_threads("work", 1, most=3), threading.Event()
    first, second, third = (asyncio.create_task(threads.run(go.wait, 5)) for _ in range(3))
    await asyncio.sleep(0)
    with pytest.raises(FrameError) as refused:
        await threads.run(int, "7")
    assert (refused.value.code, refused.value.retry_after) == ("busy", 1)
    third.cancel()
    await asyncio.gather(third, return_exceptions=True)
    asked = asyncio.create_task(threads.run(int, "7"))
    go.set()
    assert await asyncio.gather(first, second, asked) == [True, True, 7]
