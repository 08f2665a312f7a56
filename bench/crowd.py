"""A crowd that believes nothing: every client parses every frame by a library that isn't ours.

    python -m bench.crowd ws://127.0.0.1:8000/ws/chat/ --clients 1000 --rate 5 --seconds 20 --pid P

It costs more than the server does, so it is for tests; `bench/load.py` is for measuring.

Start the server with CHAT_LIMITS=0. With --pid it reads that process's CPU time from /proc. Prints
one line of JSON: times in milliseconds, CPU in microseconds for each delivered message.
"""

import argparse
import asyncio
import json
import secrets
import statistics
import time

from websockets.asyncio.client import connect

from bench.machine import cpu_seconds, memory_kb, raise_open_files

TEXT = 40  # characters of a message: the time it was sent at, then dots


class Client:
    """One socket. `late` has how late each message was, `gaps` counts broken from/to chains."""

    def __init__(self, url: str, name: str | None):
        self._url, self._name = url, name
        self.late: list[float] = []
        self.gaps = 0
        self.accepted = 0
        self._position: int | None = None

    async def join(self) -> None:
        self._socket = await connect(
            self._url, compression=None, ping_interval=None, open_timeout=60
        )
        await self._socket.send(json.dumps({"type": "join", "name": self._name}))
        while (await self._next())["type"] != "messages":
            pass
        self._task = asyncio.create_task(self._listen())

    async def _next(self) -> dict:
        return self._note(json.loads(await self._socket.recv()))

    async def _listen(self) -> None:
        while True:
            await self._next()

    def _note(self, frame: dict) -> dict:
        if frame["type"] == "accepted":
            self.accepted += 1
        if frame["type"] == "messages":
            if self._position is not None:
                self.gaps += frame["from"] != self._position + 1
                now = time.time()
                for message in frame["messages"]:
                    self.late.append(1000 * (now - float(message["text"].split()[0])))
            self._position = frame["to"]
        return frame

    async def say(self) -> None:
        text = f"{time.time():.6f} ".ljust(TEXT, ".")
        nonce = secrets.token_hex(8)
        await self._socket.send(json.dumps({"type": "post", "nonce": nonce, "text": text}))

    async def leave(self) -> None:
        self._task.cancel()
        await self._socket.close()


async def measure(url: str, clients: int, rate: float, seconds: float, pid: int | None) -> dict:
    """Let `clients` join, then send `rate` messages a second for `seconds`, in turn."""
    pids = [pid] if pid else []
    empty = memory_kb(pids)
    crowd = [Client(url, f"client {secrets.token_hex(4)}") for _ in range(clients)]
    begun = time.perf_counter()
    for start in range(0, clients, 100):
        await asyncio.gather(*(client.join() for client in crowd[start : start + 100]))
    joined = time.perf_counter() - begun
    await asyncio.sleep(2)  # presence settles
    full, before = memory_kb(pids), cpu_seconds(pids)
    total = round(rate * seconds)
    start = time.perf_counter()
    for number in range(total):
        await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
        await crowd[number % clients].say()
    expected = total * clients
    deadline = time.perf_counter() + 30
    while sum(len(c.late) for c in crowd) < expected and time.perf_counter() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    cpu = cpu_seconds(pids) - before
    late = sorted(value for client in crowd for value in client.late)
    result = {
        "clients": clients,
        "messages": total,
        "accepted": sum(client.accepted for client in crowd),
        "deliveries": len(late),
        "lost": expected - len(late),
        "gaps": sum(client.gaps for client in crowd),
        "joins_per_second": round(clients / joined),
        "p50_ms": round(statistics.median(late), 1),
        "p99_ms": round(late[int(len(late) * 0.99)], 1),
        "max_ms": round(late[-1], 1),
    }
    if pid:
        result["cpu_us_per_delivery"] = round(1e6 * cpu / len(late), 1)
        result["kb_per_connection"] = round((full - empty) / clients, 1)
    await asyncio.gather(*(client.leave() for client in crowd), return_exceptions=True)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=5, help="messages a second, in all")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--pid", type=int, help="the server's process")
    chosen = parser.parse_args()
    raise_open_files()
    result = measure(chosen.url, chosen.clients, chosen.rate, chosen.seconds, chosen.pid)
    print(json.dumps(asyncio.run(result)))


if __name__ == "__main__":
    main()
