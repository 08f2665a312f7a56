"""A crowd in one process: its clients join, say things, and note when each hears what.

    python -m bench.load PROTOCOL CLIENTS URL…

It is told what to do by lines of JSON, `{"do": "join", …}`, and answers each with one: the
methods of `Crowd`, by name. Clients are spread over the URLs; they parse a frame only once for all
of them (see protocols/base.py), and prove what they can: that of ours every one hears every
number, in order.
"""

import asyncio
import importlib
import itertools
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence

import uvloop

from bench import machine
from bench.protocols.base import BaseClient, Batch

UNANSWERED = 32  # posts of one client, at most
EMOJI = "🎉👍😀🚀🐢🍕🌵"  # as many as no number of clients is a multiple of
BEAT = 22.0  # seconds between two signs of life of a client
BIN = 100_000  # ns: how finely latencies are counted


class Crowd:
    """`clients` of one protocol. Answers have times in seconds, latencies in tenths of a ms."""

    def __init__(self, protocol: str, clients: int, urls: Sequence[str]):
        make = importlib.import_module(f"bench.protocols.{protocol}").Client
        self._batches: dict[bytes, Batch] = {}
        self._urls = [url for url, _ in zip(itertools.cycle(urls), range(clients), strict=False)]
        names = (f"{os.getpid()}-{number}" for number in range(clients))
        self._clients: list[BaseClient] = [make(name, self._batches) for name in names]

    async def join(self, at_once: int, cookies: Sequence[str] = ()) -> dict:
        """Everybody connects and joins, `at_once` at a time: how long that took, who failed."""
        gate = asyncio.Semaphore(at_once)
        headers = [{"Cookie": cookie} for cookie in cookies] or [None] * len(self._clients)

        async def enter(client: BaseClient, url: str, headers: dict | None) -> None:
            async with gate:
                await client.enter(url, headers)

        begun, cpu = time.monotonic(), time.process_time()
        coming = map(enter, self._clients, self._urls, headers)
        failed = [error for error in await asyncio.gather(*coming, return_exceptions=True) if error]
        seconds = time.monotonic() - begun
        return {
            "joined": len(self._clients) - len(failed),
            "seconds": seconds,
            "gaps": self._sum("gaps"),
            "busy": (time.process_time() - cpu) / seconds,
            "why": repr(failed[0]) if failed else "",
        }

    async def leave(self) -> dict:
        """All at once, without a word."""
        for client in self._clients:
            client.leave()
        await asyncio.sleep(0)
        return {}

    async def say(
        self,
        rate: float,
        seconds: float,
        grace: float,
        start: float,
        total: int,
        reactions: float = 0,
    ) -> dict:
        """From `start` on say `rate` messages a second, and hear the `total` of all crowds; react
        so often to the room's first message, which has no time in it.

        It ends `grace` seconds after the last at the latest.
        """
        self._batches.clear()
        self._begun = time.monotonic_ns()
        present = [client for client in self._clients if not client.gone]
        before = {name: self._sum(name) for name in ("accepted", "rejected", "gaps")}
        cpu = time.process_time()
        reacting = asyncio.create_task(self._react(present, start, reactions, seconds))
        sent = await self._speak(present, start, rate, round(rate * seconds))
        await reacting
        deadline = max(start + seconds, time.monotonic()) + grace
        while time.monotonic() < deadline:
            answered = self._sum("unanswered") == 0
            if answered and self._deliveries() == total * len(present):
                break
            await asyncio.sleep(0.05)
        busy = (time.process_time() - cpu) / (time.monotonic() - start)
        heard = [batch for batch in self._batches.values() if batch.heard and batch.sent]
        return {
            **{name: self._sum(name) - count for name, count in before.items()},
            "sent": sent,
            "clients": len(present),
            "gone": sum(client.gone for client in present),
            "deliveries": self._deliveries(),
            "until": max((max(batch.heard) for batch in heard), default=0) / 1e9,
            "busy": busy,
            "late": self._latencies(),
        }

    async def _speak(
        self, clients: Sequence[BaseClient], start: float, rate: float, count: int
    ) -> int:
        """Each says something in turn; those that wait for too many answers are passed over."""
        turns = itertools.cycle(clients)
        for number in range(count):
            # Where we are late we don't wait: what is due goes out at once.
            if (wait := start + number / rate - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            for client in itertools.islice(turns, len(clients)):
                if client.unanswered < UNANSWERED and not client.gone:
                    client.say()
                    break
            else:
                return number  # a server that answers nobody is not asked any more
        return count

    async def _react(
        self, clients: Sequence[BaseClient], start: float, rate: float, seconds: float
    ) -> None:
        turns = zip(itertools.cycle(clients), itertools.cycle(EMOJI), range(round(rate * seconds)))
        for client, emoji, number in turns:
            await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
            client.react(1, emoji)

    def _sum(self, name: str) -> int:
        return sum(getattr(client, name) for client in self._clients)

    def _deliveries(self) -> int:
        return sum(len(sent) * len(heard) for sent, heard in self._heard())

    def _heard(self) -> Iterator[tuple[list[int], Sequence[int]]]:
        """Of each frame: when its messages were sent, and when clients heard them."""
        for batch in self._batches.values():
            if sent := [at for at in batch.sent if at >= self._begun]:
                yield sent, batch.heard

    def _latencies(self) -> dict[int, int]:
        late: Counter[int] = Counter()
        for sent, heard in self._heard():
            for at in sent:
                late.update([(arrival - at) // BIN for arrival in heard])
        return late

    async def beat(self) -> None:
        """Signs of life for as long as this runs, spread evenly."""
        while True:
            for client in self._clients:
                await asyncio.sleep(BEAT / len(self._clients))
                if not client.gone:
                    client.beat()


async def main(protocol: str, clients: str, *urls: str) -> None:
    crowd = Crowd(protocol, int(clients), urls)
    beating = asyncio.create_task(crowd.beat())
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        answer = await getattr(crowd, order.pop("do"))(**order)
        print(json.dumps(answer), flush=True)
    beating.cancel()


if __name__ == "__main__":
    machine.raise_open_files()
    uvloop.run(main(*sys.argv[1:]))
