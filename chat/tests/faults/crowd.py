"""A crowd: people on all processes of a site who talk all the time, in a thread of their own."""

import asyncio
import secrets
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future

from chat.tests.faults import oracle
from chat.tests.faults.client import Client
from chat.tests.support import eventually
from chat.tests.support.site import Site

PACE = 0.1  # seconds between two messages of one person
RECOVERY = 40.0  # seconds; what takes longer counts as never
ASK_AGAIN = 1.0  # seconds
HASTE = 0.3  # seconds that who passes by waits for an answer
VISITS = 0.5  # seconds between two who pass by
ON_ITS_WAY = 0.5  # seconds that a frame may still take when a server has been stopped


class Crowd:
    """At each process one who never goes elsewhere; some who go round; some who only read.

    Those of the first kind are how the test asks whether a process serves its people; those of
    the last have neither a name nor a cookie. While they talk others pass by: they say one thing,
    and are gone, whatever becomes of it.
    """

    def __init__(self, site: Site, *, roaming: int = 2, readers: int = 2, pace: float = PACE):
        self.site, self._pace = site, pace
        urls = site.ws_urls
        self.locals = [self._named([url], f"Local {number}") for number, url in enumerate(urls)]
        self.talkers = self.locals + [
            self._named(_from(urls, number), "Nomad") for number in range(roaming)
        ]
        self.readers = [Client(_from(urls, number)) for number in range(readers)]
        self.gone: list[Client] = []  # who has passed by
        self._passing = [(site.cookie(), f"Passer {secrets.token_hex(3)}") for _ in urls]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._talking: list[Future] = []
        self._thread.start()
        for client in self.everybody:
            self._start(client.live())
        self._all(lambda client: client.is_here)

    def _named(self, urls: list[str], name: str) -> Client:
        return Client(urls, f"{name} {secrets.token_hex(3)}", self.site.cookie())

    def _start(self, work: Coroutine) -> Future:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """Everybody goes, at once."""
        self._start(_end_all()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def everybody(self) -> list[Client]:
        return self.talkers + self.readers

    @property
    def connections(self) -> int:
        """How often somebody of them has connected, in all."""
        return sum(client.connections for client in self.everybody)

    @property
    def byes(self) -> list[dict]:
        return [bye for client in self.everybody for bye in client.byes]

    # --- load ------------------------------------------------------------------------------------
    def talks(self, pace: float | None = None, size: int = 0) -> None:
        """Everybody but the readers talks, from now on, like this."""
        self.falls_silent()
        pace = pace or self._pace
        self._talking = [self._start(client.talk(pace, size)) for client in self.talkers]
        self._talking.append(self._start(self._pass_by()))
        self.gets_on()

    def falls_silent(self) -> None:
        for talk in self._talking:
            talk.cancel()
        self._talking = []

    async def _pass_by(self) -> None:
        """One after the other, at each process in turn, somebody says one thing and goes."""
        while True:
            for process in range(len(self._passing)):
                await asyncio.sleep(VISITS)
                await self._visit(process)

    async def _visit(self, process: int) -> None:
        cookie, name = self._passing[process]
        visitor = Client([self.site.ws_urls[process]], name, cookie)
        self.gone.append(visitor)
        living = asyncio.create_task(visitor.live())
        try:
            await asyncio.wait_for(visitor.arrived.wait(), RECOVERY)
            visitor.say(f"{name} was here {secrets.token_hex(4)}")
            await asyncio.sleep(HASTE)
        finally:
            living.cancel()

    def gives_up(self, process: int) -> Future:
        """Somebody says one thing there, in a quiet room, and is gone; in its own time."""
        return self._start(self._visit(process))

    def gets_on(self, times: int = 3) -> None:
        """Wait until everybody who talks was told `times` more that they are heard."""
        goal = {client: len(client.accepted) + times for client in self.talkers}
        self._all(lambda client: len(client.accepted) >= goal.get(client, 0))

    # --- questions -------------------------------------------------------------------------------
    def hears_each_process(self, within: float) -> float:
        """At each process something is said, and everybody hears it; returns the seconds."""
        begun, texts = time.monotonic(), self._ask()
        self._all(lambda client: all(map(client.hears, texts)), within)
        return time.monotonic() - begun

    def recovers(self) -> float:
        """The same, asked again and again: who starts afresh hears nothing of long ago."""
        begun = time.monotonic()
        asked: list[list[str]] = []

        def is_heard() -> bool:
            if time.monotonic() >= begun + len(asked) * ASK_AGAIN:
                asked.append(self._ask())
            return any(all(c.hears(t) for c in self.everybody for t in texts) for texts in asked)

        eventually(is_heard, RECOVERY)
        return time.monotonic() - begun

    def _ask(self) -> list[str]:
        texts = [f"do you hear me {secrets.token_hex(4)}" for _ in self.locals]
        for client, text in zip(self.locals, texts, strict=True):
            self._loop.call_soon_threadsafe(client.say, text)
        return texts

    def keeps_hearing(self, seconds: float, within: float) -> float:
        """For that long everybody hears each process in time; returns the longest it took."""
        end, longest = time.monotonic() + seconds, 0.0
        while time.monotonic() < end:
            longest = max(longest, self.hears_each_process(within))
        return longest

    def hears_of_nothing(self, seconds: float) -> None:
        """For that long nothing is accepted, once what was on its way has come."""
        time.sleep(ON_ITS_WAY)
        before = self.accepted
        time.sleep(max(0.0, seconds - ON_ITS_WAY))
        assert self.accepted == before

    @property
    def accepted(self) -> int:
        """How many posts have been accepted, in all."""
        return sum(len(client.accepted) for client in self.talkers)

    def waits_since(self, moment: float) -> list[float]:
        """How long each post took to be accepted that was said after `moment`."""
        posts = [(c, post) for c in self.talkers for post in list(c.said.values())]
        return [
            client.accepted_at[post.nonce] - post.said_at
            for client, post in posts
            if post.said_at >= moment and post.nonce in client.accepted_at
        ]

    def falls_quiet(self) -> None:
        """Everybody falls silent, and what they have said is answered."""
        self.falls_silent()
        eventually(lambda: not any(client.outbox for client in self.talkers), RECOVERY)

    def settles(self, **known) -> None:
        """It gets quiet, and everybody hears all there is; then the oracle looks."""
        self.falls_quiet()
        head = self.site.sql("SELECT epoch, seq FROM chat_log")[0]
        eventually(
            lambda: (
                {(c.epoch, c.position) for c in self.everybody} == {(head["epoch"], head["seq"])}
            ),
            RECOVERY,
        )
        oracle.check(self.site, self.everybody, self.gone, **known)

    def _all(self, condition: Callable[[Client], bool], within: float = RECOVERY) -> None:
        """Wait until that is so of everybody."""
        try:
            eventually(lambda: all(map(condition, self.everybody)), within)
        except AssertionError:
            late = [(client, client.problems) for client in self.everybody if not condition(client)]
            raise AssertionError(f"not within {within} s: {late}") from None


def _from(urls: list[str], number: int) -> list[str]:
    """The same, beginning elsewhere."""
    turn = number % len(urls)
    return urls[turn:] + urls[:turn]


async def _end_all() -> None:
    """Cancel all that runs in this loop, and wait for it."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
