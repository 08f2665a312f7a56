"""Visitors in one process: each gets the page, all that it names, and a socket that joins.

    python -m bench.visitors PROTOCOL URL '{"do": "one_by_one", "count": 200, "pids": […]}'

The answer, a line of JSON, is that of the function by that name. Times are in seconds.
"""

import asyncio
import importlib
import json
import os
import sys
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import uvloop
from picows import WSError

from bench import machine
from bench.browser import Browser

AT_ONCE = 2  # of those who come one after the other: the server is never idle, and never behind
WARM = 20  # visitors before the first that counts


class Visitors:
    """Those of one process, at a WebSocket URL and the page of the same host."""

    def __init__(self, protocol: str, url: str):
        self._make = importlib.import_module(f"bench.protocols.{protocol}").Client
        self._url, self._batches, self._number = url, {}, 0
        self.first_pages: list[float] = []
        self.refused: list[str] = []

    def browser(self) -> Browser:
        address = urlsplit(self._url)
        return Browser(address.hostname, address.port)

    async def visit(self, browser: Browser):
        """One visit, to the end of its join; returns its client, or None where it failed."""
        self._number += 1
        client = self._make(f"visitor {os.getpid()}-{self._number}", self._batches)
        begun = time.monotonic()
        try:
            page = await browser.visit(lambda: self.first_pages.append(time.monotonic() - begun))
            client.saw(page)
            headers = {**(client.headers or {}), "Cookie": browser.cookie}
            await client.enter(self._url, headers)
            if client.gone:
                raise ConnectionError("it was closed at once")
        except (OSError, EOFError, TimeoutError, WSError) as wrong:
            self.refused.append(repr(wrong))
            return None
        browser.requests += 1  # the handshake
        return client


async def one_by_one(visitors: Visitors, count: int, pids: Sequence[int]) -> dict:
    """So many come for the first time and go, then all come back: what each cost.

    `pids` are the servers' first processes; by the time it counts they have their workers.
    """
    await _crowd(visitors, [visitors.browser() for _ in range(WARM)])
    pids = [pid for first in pids for pid in machine.family(first)]
    browsers = [visitors.browser() for _ in range(count)]
    answer = {}
    for name in ("cold", "returning"):
        cpu = machine.cpu_seconds(pids)
        for browser in browsers:
            browser.requests = browser.bytes = 0
        await _crowd(visitors, browsers)
        answer[f"{name}_ms"] = 1000 * (machine.cpu_seconds(pids) - cpu) / count
        answer[f"{name}_requests"] = sum(browser.requests for browser in browsers) / count
        answer[f"{name}_kb"] = sum(browser.bytes for browser in browsers) / count / 1024
    return answer


async def _crowd(visitors: Visitors, browsers: Sequence[Browser]) -> None:
    queue = iter(browsers)

    async def come_and_go() -> None:
        for browser in queue:
            if client := await visitors.visit(browser):
                client.leave()

    await asyncio.gather(*(come_and_go() for _ in range(AT_ONCE)))


async def arrivals(visitors: Visitors, rate: float, seconds: float, stay: bool) -> dict:
    """So many a second come, whether the server keeps up or not; they go, or stay to the end."""

    async def arrive(after: float) -> float:
        await asyncio.sleep(after)
        client = await visitors.visit(visitors.browser())
        if client and not stay:
            client.leave()
        return time.monotonic() - begun if client else 0

    begun, count = time.monotonic(), round(rate * seconds)
    ends = await asyncio.gather(*(arrive(number / rate) for number in range(count)))
    return {"came": count, "joined": sum(map(bool, ends)), "until": max(ends)}


async def main(protocol: str, url: str, order: str) -> None:
    told = json.loads(order)
    visitors = Visitors(protocol, url)
    cpu, begun = time.process_time(), time.monotonic()
    answer = await {"one_by_one": one_by_one, "arrivals": arrivals}[told.pop("do")](
        visitors, **told
    )
    pages = sorted(visitors.first_pages)
    answer |= {
        "page_p50_ms": 1000 * pages[len(pages) // 2],
        "page_p99_ms": 1000 * pages[len(pages) * 99 // 100],
        "refused": len(visitors.refused),
        "why": next(iter(visitors.refused), ""),
        "busy": (time.process_time() - cpu) / (time.monotonic() - begun),
    }
    print(json.dumps(answer), flush=True)
    await asyncio.to_thread(sys.stdin.read)  # who stays does so until somebody ends it


if __name__ == "__main__":
    machine.raise_open_files()
    uvloop.run(main(*sys.argv[1:]))
