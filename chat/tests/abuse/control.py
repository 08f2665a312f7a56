"""python -m chat.tests.abuse.control HOST:PORT…: people at other addresses, who notice or don't.

They speak at the first process and are heard at the last. It prints "ready" when they are there,
and at SIGTERM, as JSON, what they saw.
"""

import asyncio
import contextlib
import json
import re
import secrets
import signal
import sys
import time
from collections import Counter
from collections.abc import Coroutine, Iterator
from dataclasses import asdict, dataclass, field
from itertools import count

from chat.tests.abuse.link import Link
from chat.tests.abuse.visitor import Refused, Visitor, post, text
from chat.tests.support import until

SPEAKERS = 4
PACE = 1.0  # seconds between two messages of one of them
RELOAD = 2.0  # seconds between two pages of one of them
ARRIVAL = 2.0  # seconds between two who come in
SLOW_LINE = 1_000_000  # bytes a second that a phone takes
SIP = 32_768  # bytes
GRACE = 10.0  # seconds that what is on its way has in the end
SAID, FORGED = b"so we say", b"they lied"  # of one length
NONCE = re.compile(rb'"nonce":"([0-9a-f]{16})"')


@dataclass
class Seen:
    """Times in seconds; what was not over in the end took as long as it had."""

    deliveries: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # of what these people wanted
    forged: int = 0  # messages that nobody has said
    weight: int = 0  # bytes of the heaviest page


class Control:
    def __init__(self, servers: list[tuple[str, int]]):
        self.seen = Seen()
        self._servers = servers
        self._said: dict[str, float] = {}  # when, by nonce, while nobody has heard it
        self._begun: dict[asyncio.Task, tuple[float, list[float]]] = {}

    def _somebody(self, address: str, server: int = 0) -> Visitor:
        return Visitor(self._servers[server], address, Counter())

    async def arrive(self) -> None:
        """Come in, and begin."""
        listener = await self._somebody("127.9.0.101", -1).join()
        phone = await self._somebody("127.9.0.102").join(window=SIP)
        hearing, doing = [self._listen(listener), self._read_slowly(phone)], []
        for number in range(SPEAKERS):
            person, late = self._somebody(f"127.9.0.{number + 1}"), number / SPEAKERS
            cookie = await person.cookie()
            link = await person.join(f"Control {secrets.token_hex(4)}", Cookie=cookie)
            hearing.append(self._hear_refusals(link))
            doing.append(self._speak(link, late))
            doing.append(
                self._every(RELOAD, self.seen.pages, self._load, person, cookie, late=late)
            )
        newcomers = (self._somebody(f"127.9.{n >> 8}.{n & 255}") for n in count(256))
        doing.append(self._every(ARRIVAL, self.seen.arrivals, self._come_in, newcomers))
        self._hearing = [asyncio.create_task(self._lasting(work)) for work in hearing]
        self._doing = [asyncio.create_task(self._lasting(work)) for work in doing]

    async def _lasting(self, work: Coroutine) -> None:
        try:
            await work
        except (OSError, EOFError) as error:
            self.seen.refused.append(f"a connection ended: {error!r}")

    # --- talk ------------------------------------------------------------------------------------
    async def _speak(self, link: Link, late: float) -> None:
        await asyncio.sleep(late)
        for number in count(1):
            nonce = secrets.token_hex(8)
            self._said[nonce] = time.monotonic()
            await link.send(post(f"{SAID.decode()} {number}", nonce))
            if number % 10 == 0:
                await link.send(text(type="ping", seq=0))
            await asyncio.sleep(PACE)

    async def _hear_refusals(self, link: Link) -> None:
        async for payload in link.frames():
            if payload.startswith((b'{"type":"rejected"', b'{"type":"error"', b'{"type":"bye"')):
                self.seen.refused.append(payload.decode())

    async def _listen(self, link: Link) -> None:
        async def hear() -> None:
            async for payload in link.frames():
                self.seen.forged += FORGED in payload
                for nonce in NONCE.findall(payload):
                    if said := self._said.pop(nonce.decode(), None):
                        self.seen.deliveries.append(time.monotonic() - said)

        await asyncio.gather(hear(), self._stay(link))

    async def _read_slowly(self, link: Link) -> None:
        """A phone. It may be behind; it may not be closed."""

        async def sip() -> None:
            while True:
                took = len(await link.read(SIP)) / SLOW_LINE
                await asyncio.sleep(took)

        await asyncio.gather(sip(), self._stay(link))

    async def _stay(self, link: Link) -> None:
        while True:
            await asyncio.sleep(10)
            await link.send(text(type="ping", seq=0))

    # --- what takes a moment ---------------------------------------------------------------------
    async def _every(self, pause: float, times: list[float], what, *args, late: float = 0) -> None:
        """Begin it every `pause` seconds, however long it takes."""
        await asyncio.sleep(late)
        while True:
            task = asyncio.create_task(self._timed(times, what(*args)))
            self._begun[task] = time.monotonic(), times
            await asyncio.sleep(pause)

    async def _timed(self, times: list[float], what: Coroutine) -> None:
        begun = time.monotonic()
        try:
            await what
        except (Refused, OSError, EOFError) as error:
            self.seen.refused.append(repr(error))
        times.append(time.monotonic() - begun)
        self._begun.pop(asyncio.current_task())

    async def _load(self, person: Visitor, cookie: str) -> None:
        page = await person.get("/", Cookie=cookie)
        self.seen.weight = max(self.seen.weight, len(page))

    async def _come_in(self, newcomers: Iterator[Visitor]) -> None:
        """Somebody new, from elsewhere: the page, a socket, a name."""
        person = next(newcomers)
        cookie = await person.cookie()
        link = await person.join(f"New {secrets.token_hex(4)}", Cookie=cookie)
        async for payload in link.frames():
            if payload.startswith(b'{"type":"hello"'):
                if b'"you":null' in payload:
                    raise Refused("a name")
                break
        person.hang_up()

    # --- the end ---------------------------------------------------------------------------------
    async def conclude(self) -> Seen:
        """Begin nothing any more, and wait for what is under way."""
        for work in self._doing:
            work.cancel()
        with contextlib.suppress(AssertionError):
            await until(lambda: not self._said and not self._begun, GRACE)
        for work in self._hearing:
            work.cancel()
        now = time.monotonic()
        self.seen.deliveries += [now - said for said in self._said.values()]
        for begun, times in self._begun.values():
            times.append(now - begun)
        return self.seen


async def watch(servers: list[tuple[str, int]]) -> None:
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    control = Control(servers)
    await control.arrive()
    print("ready", flush=True)
    await over.wait()
    print(json.dumps(asdict(await control.conclude())), flush=True)


def server(text: str) -> tuple[str, int]:
    host, _, port = text.partition(":")
    return host, int(port)


if __name__ == "__main__":
    asyncio.run(watch([server(argument) for argument in sys.argv[1:]]))
