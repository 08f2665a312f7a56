"""What finishes the acts on many messages that moderators begin.

Slowly enough for sockets and replay buffers. An act that is begun is finished, whatever becomes
of the process that does it.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable

from django.db import Error as DatabaseError

from chat.log.acts import go_on
from chat.models import Act
from chat.relay.work.outage import Outage
from chat.relay.work.threads import Threads

PAUSE = 0.5  # seconds between two parts
LOOK = 3.0  # seconds between two looks for acts that were begun, where no hint has come
PATIENCE = 3.0  # seconds without a part, after which another process goes on


class Acts:
    """Finishes what was begun, in one process at a time: that whose part was the latest.

    Clocks of several machines differ, so a lease has no end that is written down. It changes with
    each part, and whoever sees the same one for `PATIENCE` by its own clock takes it over.
    """

    def __init__(
        self,
        threads: Threads,
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ):
        """`changed` is called after each part, in the loop."""
        self._threads, self._changed, self._clock = threads, changed, clock
        self._nudged = asyncio.Event()
        self._mine = ""
        self._seen: tuple[int, str] | None = None  # the oldest open act, and its lease
        self._since = 0.0
        self._outage = Outage("acts of moderators have to wait", "acts of moderators go on")
        self.tasks = (self._finish,)

    def nudge(self) -> None:
        """An act may have been begun: look now, not at the next turn."""
        self._nudged.set()

    async def _finish(self) -> None:
        while True:
            self._nudged.clear()
            if await self._try():
                self._changed()
                await asyncio.sleep(PAUSE)
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._nudged.wait(), LOOK)

    async def _try(self) -> bool:
        """`turn`, in a thread; whatever happens to the database."""
        try:
            done = await self._threads.run(self.turn)
        except DatabaseError as error:
            if self._seen:  # otherwise nothing waits, and others speak of an outage
                self._outage.begins(error)
            return False
        self._outage.ends()
        return done

    def turn(self) -> bool:
        """Do a part of the oldest open act, where it is this process's turn. Blocks."""
        act = Act.objects.filter(done_at=None).order_by("pk").first()
        if act is None:
            self._seen = None
            return False
        now = self._clock()
        if self._seen != (act.pk, act.lease):
            self._seen, self._since = (act.pk, act.lease), now
        if act.lease not in ("", self._mine) and now < self._since + PATIENCE:
            return False
        lease = secrets.token_hex(8)
        if go_on(act, lease) is None:
            return False
        self._mine = lease
        return True
