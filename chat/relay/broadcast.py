"""To every socket of the process, in order, without holding up everything else.

A frame for ten thousand takes a tenth of a second. So it is sent in steps, between which others
have their turn; what is delivered meanwhile waits, and goes out in as few frames as it fits in:
the further behind, the more messages a frame carries.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable

from chat.log.batch import Batch
from chat.relay.socket import Socket

STEP = 0.01  # seconds
LOOK = 32  # sockets between two looks at the clock
logger = logging.getLogger(__name__)


def call_soon(step: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_soon(step)


class Broadcast:
    """The sockets that get what is delivered, and what is on its way to them.

    Invariant: the batches that a socket gets begin where the last one, or the answer to its join,
    has ended. One that doesn't keep up gets none until it is added again: `fell_behind` is told of
    it, and of the number up to which it has everything.
    """

    def __init__(
        self,
        fell_behind: Callable[[Socket, int], None],
        later: Callable[[Callable[[], None]], None] = call_soon,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._fell_behind, self._later, self._clock = fell_behind, later, clock
        self.sockets: set[Socket] = set()
        self._abreast: set[Socket] = set()  # those that keep up
        self._waiting: deque[tuple[Batch | str, bool]] = deque()  # and whether it is for all
        self._sending: Batch | str = ""
        self._left: set[Socket] = set()  # who has not got that yet
        self._ahead: dict[Socket, int] = {}  # who knows some of what waits, and up to where
        self._busy = False

    def attend(self, socket: Socket) -> None:
        """From now on `socket` is told what all are told; batches it gets when it is added."""
        self.discard(socket)
        self.sockets.add(socket)

    def add(self, socket: Socket, seq: int) -> None:
        """`socket` knows everything that was delivered up to now, which is up to `seq`."""
        self.sockets.add(socket)
        self._abreast.add(socket)
        if self._busy:
            self._ahead[socket] = seq
            if isinstance(self._sending, Batch):
                self._left.discard(socket)

    def discard(self, socket: Socket) -> None:
        self.sockets.discard(socket)
        self._abreast.discard(socket)
        self._left.discard(socket)
        self._ahead.pop(socket, None)

    def begin_afresh(self) -> None:
        """The history is another one. What waits is of the former: nobody gets it any more, and
        above all nobody who comes from here on, and knows numbers of the new one."""
        self._waiting.clear()
        self._left.clear()
        self._ahead.clear()

    def send(self, what: Batch | str, *, to_all: bool = True) -> None:
        """Send a batch, or another frame, after what is on its way; if not `to_all`, only to those
        who keep up, as batches are."""
        self._waiting.append((what, to_all and not isinstance(what, Batch)))
        if not self._busy:
            self._busy = True
            self._step()

    def _step(self) -> None:
        end = self._clock() + STEP
        while self._left or self._begin():
            frame = self._sending if isinstance(self._sending, str) else self._sending.frame
            for _ in range(min(LOOK, len(self._left))):
                socket = self._left.pop()
                try:
                    text = self._rest(socket) if socket in self._ahead else frame
                    if text and not socket.send_text(text):
                        self._lose(socket)
                except Exception:
                    logger.exception("a frame could not be sent")
            if self._clock() > end:
                self._later(self._step)
                return
        self._busy = False

    def _begin(self) -> bool:
        """Go on to what waits, if anything does."""
        if not self._waiting:
            self._ahead.clear()
            return False
        self._sending, to_all = self._waiting.popleft()
        while isinstance(self._sending, Batch) and self._waiting:
            following, _ = self._waiting[0]
            joined = isinstance(following, Batch) and self._sending.joined(following)
            if not joined:
                break
            self._sending = joined
            self._waiting.popleft()
        self._left = set(self.sockets if to_all else self._abreast)
        return True

    def _lose(self, socket: Socket) -> None:
        """It has just got what is sent, and is to get no more for now."""
        if isinstance(self._sending, Batch):
            self._abreast.discard(socket)
            self._ahead.pop(socket, None)
            self._fell_behind(socket, self._sending.end)

    def _rest(self, socket: Socket) -> str | None:
        """What a socket that is ahead has not had yet of what is sent."""
        if isinstance(self._sending, str):
            return self._sending
        known = self._ahead[socket]
        return self._sending.beyond(known).frame if known < self._sending.end else None
