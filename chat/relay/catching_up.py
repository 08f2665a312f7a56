"""Brings sockets to where the room is: those that have just come, and those that read slowly.

A socket that is behind is a number, not a queue: what it has not had is read from the replay
buffer when it takes more, so it costs no memory however far behind it is. Only where the buffer no
longer reaches back it has to come again.
"""

import asyncio
import logging
from collections.abc import Sequence

from chat.log.batch import Batch
from chat.policy.rates import rates
from chat.protocol.incoming import Since
from chat.relay.broadcast import Broadcast
from chat.relay.following.tail import Tail
from chat.relay.socket import Socket

logger = logging.getLogger(__name__)


class CatchingUp:
    """One task a socket that is behind."""

    def __init__(self, tail: Tail, broadcast: Broadcast):
        self._tail, self._broadcast = tail, broadcast
        self._tasks: dict[Socket, asyncio.Task[None]] = {}
        self._reached: dict[Socket, Since] = {}  # what each of those has been given

    def begin(self, socket: Socket, missed: Sequence[Batch], *, keeps_up: bool) -> None:
        """It has come. Send it `missed`, what came after that, and then all that comes: as fast as
        it reads, and as the budget of its address lasts. Nearly always that is done at once."""
        self.end(socket)
        first, here = missed[0], _before(missed[0])
        if keeps_up and not rates.may_catch_up(socket.address, first.size):
            keeps_up, here, missed = socket.send_text(first.frame), _end_of(first), missed[1:]
            if keeps_up and not missed and here == self._tail.position:
                self._broadcast.add(socket, here.seq)
                return
        self._start(socket, here, missed, counted=True)

    def go_on(self, socket: Socket, seq: int) -> None:
        """It reads slowly, and has everything up to `seq`. What it gets is not counted, as it is
        no more than all others get."""
        self._start(socket, Since(self._tail.position.epoch, seq), (), counted=False)

    def reached(self, socket: Socket) -> Since | None:
        """What one that is behind has been given; None where it isn't."""
        return self._reached.get(socket)

    def end(self, socket: Socket) -> None:
        """It is gone, or begins anew."""
        self._reached.pop(socket, None)
        if task := self._tasks.pop(socket, None):
            task.cancel()

    def _start(
        self, socket: Socket, here: Since, batches: Sequence[Batch], *, counted: bool
    ) -> None:
        self._reached[socket] = here
        task = asyncio.create_task(self._bring(socket, batches, counted))
        self._tasks[socket] = task
        task.add_done_callback(lambda task: self._ended(socket, task))

    async def _bring(self, socket: Socket, batches: Sequence[Batch], counted: bool) -> None:
        """Send `batches`, then whatever it has not been given."""
        await socket.flushed()  # also where it has been given all: no more until it has read that
        for batch in batches:
            await self._turn(socket, batch, counted)
            self._give(socket, batch)
        while (here := self._reached[socket]) != self._tail.position:
            if missing := self._tail.after(here):
                await self._turn(socket, missing, counted)
                missing = self._tail.after(here)  # more has come, which fits into the same frame
            if not missing:
                socket.dismiss("resync", "The room was faster than your connection.")
                return
            self._give(socket, missing)
        del self._tasks[socket], self._reached[socket]
        self._broadcast.add(socket, here.seq)

    def _give(self, socket: Socket, batch: Batch) -> None:
        socket.send_text(batch.frame)
        self._reached[socket] = _end_of(batch)

    async def _turn(self, socket: Socket, batch: Batch, counted: bool) -> None:
        """Wait until it may have one more; the others have their turn in any case."""
        await asyncio.sleep(rates.catch_up(socket.address, batch.size) if counted else 0)
        await socket.flushed()

    def _ended(self, socket: Socket, task: asyncio.Task[None]) -> None:
        if self._tasks.get(socket) is task:
            self.end(socket)
        if not task.cancelled() and task.exception():
            logger.error("a socket can't catch up", exc_info=task.exception())
            socket.dismiss("resync", "Something went wrong.")


def _before(batch: Batch) -> Since:
    return Since(batch.epoch, batch.start - 1)


def _end_of(batch: Batch) -> Since:
    return Since(batch.epoch, batch.end)
