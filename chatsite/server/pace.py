"""Who asks for an answer has to read it, at some pace at least. Until then it takes our memory."""

import asyncio
import fcntl
import socket
import struct
import termios
from collections.abc import Callable

PERIOD = 10.0  # seconds over which the pace is looked at
SLOWEST = 4096  # bytes a second, the least in a period; a telephone far from anywhere has more
# Linux' `struct tcp_info`: the bytes that the other end has taken so far.
ACKED = struct.Struct("=Q")
ACKED_AT = 120


class Pace:
    """Of one connection; it counts from an answer's first byte, and only while some is not taken.

    A byte now and then is no pace. What the other system has taken counts, as it is what we know.
    """

    def __init__(self, handle: socket.socket, too_slow: Callable[[], None]) -> None:
        self.full = False  # Twisted has more than the system takes; its user says so
        self._handle = handle
        self._too_slow = too_slow
        self._timer: asyncio.TimerHandle | None = None
        self._ending = False
        self._since = 0.0
        self._taken = 0
        # Only Linux tells; and at a Unix socket is a proxy, which reads.
        self._works = hasattr(socket, "TCP_INFO") and handle.family != socket.AF_UNIX

    def watch(self) -> None:
        """To be called before each piece of an answer is written."""
        if self._works and (self._timer is None or not self._untaken()):
            self._begin()

    def end(self) -> None:
        """It is to close once all is taken; so if it doesn't, that is too slow as well."""
        self._ending = True
        self.watch()

    def stop(self) -> None:
        """It is closed, or no HTTP any more."""
        self._works = False
        if self._timer:
            self._timer.cancel()

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        self._since, self._taken = loop.time(), self._taken_so_far()
        if self._timer is None:
            self._timer = loop.call_later(PERIOD, self._look)

    def _look(self) -> None:
        loop, self._timer = asyncio.get_running_loop(), None
        left = self._since + PERIOD - loop.time()
        if left > 0:
            self._timer = loop.call_later(left, self._look)
        elif not (self._ending or self.full or self._untaken()):
            return
        elif self._taken_so_far() - self._taken < PERIOD * SLOWEST:
            self._too_slow()
        else:
            self._begin()

    def _untaken(self) -> int:
        """How many bytes the system has that the other end has not taken."""
        return int.from_bytes(fcntl.ioctl(self._handle, termios.TIOCOUTQ, bytes(4)), "little")

    def _taken_so_far(self) -> int:
        info = self._handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, ACKED_AT + ACKED.size)
        return int(ACKED.unpack_from(info, ACKED_AT)[0]) if len(info) > ACKED_AT else 0
