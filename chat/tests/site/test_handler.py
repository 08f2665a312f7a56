"""What everybody asks for is answered without a thread; who goes away takes their work along."""

import asyncio

import pytest

from chatsite.handler import Handler

pytestmark = pytest.mark.stack("embedded")  # the other stack has nothing to add


def scope(path: str, method: str = "GET") -> dict:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }


async def asks(path: str) -> int:
    """The status."""
    sent = []
    received: asyncio.Queue = asyncio.Queue()
    received.put_nowait({"type": "http.request", "body": b""})

    async def send(message):
        sent.append(message)

    await Handler()(scope(path), received.get, send)
    return sent[0]["status"]


@pytest.mark.parametrize(("path", "status"), [("/robots.txt", 200), ("/healthz", 200)])
async def test_no_thread_takes_part(path, status, monkeypatch):
    handled = []
    loop = asyncio.get_running_loop()
    real = loop.run_in_executor
    monkeypatch.setattr(loop, "run_in_executor", lambda *args: handled.append(args) or real(*args))
    assert await asks(path) == status
    assert handled == []


async def test_who_goes_away_ends_what_is_done_for_them(monkeypatch):
    began, ended = asyncio.Event(), asyncio.Event()
    handler = Handler()

    async def slow(request):
        began.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    monkeypatch.setattr(handler, "get_response_async", slow)
    received: asyncio.Queue = asyncio.Queue()
    received.put_nowait({"type": "http.request", "body": b""})
    asked = asyncio.create_task(handler(scope("/"), received.get, None))
    await asyncio.wait_for(began.wait(), 5)
    received.put_nowait({"type": "http.disconnect"})
    await asyncio.wait_for(asked, 5)
    assert ended.is_set()
