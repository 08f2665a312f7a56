"""How a socket is written to: at once, with a bound on what waits, until it ends."""

import asyncio
import time
from collections.abc import Callable
from functools import lru_cache

from websockets.frames import Frame, Opcode
from websockets.protocol import SEND_EOF, Protocol, State

from chatsite.server.host import Host
from chatsite.server.reading import Reading
from chatsite.server.terms import Goodbye
from chatsite.server.transport import Outward

BEHIND_BYTES = 256 * 1024  # outward; with more waiting the application is told
UNREAD_BYTES = 1024 * 1024  # outward; with more waiting the socket is closed
STALLED = 15.0  # seconds in which some of what waits has to leave: a piece, so 4 KB a second
CLOSING = 1.0  # seconds that a client has to answer a close
LINGER = 5.0  # seconds that a client has to read the rest, once both have closed


class Writing(Reading):
    """To be extended by what the frames mean, and by who calls."""

    server: Host
    _wire: Protocol
    _outward: Outward
    _address: str | None = None  # the client's
    _open = False
    _closed = False  # the client has said that it closes
    _patience: float | None = None  # seconds that it has left to end, once it ends
    _abort: asyncio.TimerHandle | None = None

    def write(self, text: str) -> bool:
        """Send a text frame; nothing, where the socket is not open any more.

        False: much waits to be read, and it is better to wait until it has `flushed`.
        """
        if not self._open or self._outward.write(_framed(text)):
            return True
        self._look_at_unsent()
        return self._outward.unsent <= BEHIND_BYTES

    async def flushed(self) -> None:
        """Wait until the client has taken nearly all that was written."""
        await self._outward.flushed()

    def stop(self) -> None:
        """Nothing to do."""

    def _look_at_unsent(self) -> None:
        if self._outward.unsent > UNREAD_BYTES and not self._cut:
            self._say_bye(self.server.terms.slow, "doesn't read")

    def look_at_pace(self) -> None:
        """To be called now and then: who takes nothing of what waits for long is closed."""
        stalled = time.monotonic() - self._outward.moved > STALLED
        if stalled and self._outward.unsent and not self._cut:
            self._say_bye(self.server.terms.slow, "doesn't read")

    def flush(self) -> None:
        """Send what the wire has to say, and end where all is said."""
        said = self._wire.data_to_send()
        for data in filter(None, said):
            self._outward.write(data)
        self._look_at_unsent()
        self._open = self._open and self._wire.state is State.OPEN
        if self._closed:
            self.finish()
        elif self._wire.state is State.CLOSING and (self._cut or not self.inward):
            self._end(CLOSING, self._outward.half_finish if SEND_EOF in said else None)

    def finish(self) -> None:
        """End, when all is sent."""
        self._end(LINGER, self._outward.finish)

    # --- ends ------------------------------------------------------------------------------------
    def flooded(self) -> None:
        self._say_bye(self.server.terms.flood, "floods")

    def _say_bye(self, goodbye: Goodbye, why: str) -> None:
        """Close; who doesn't read that in time is aborted."""
        self._cut = True
        self.server.terms.refused(self._address, why)
        self.write(goodbye.text)
        self._close(goodbye.code)
        self.release()  # for the client's answer

    def _close(self, code: int) -> None:
        self._cut = True
        if self._wire.state is State.OPEN:  # `_open` is behind while frames are taken
            self._wire.send_close(code)
            self.flush()

    def _fail(self, code: int) -> None:
        self._cut = True
        self._wire.fail(code)
        self.flush()

    def _end(self, patience: float, how: Callable[[], None] | None) -> None:
        """End so, and abruptly when its time is up."""
        if patience == self._patience:
            return
        self._patience = patience
        if self._abort:
            self._abort.cancel()
        loop = asyncio.get_running_loop()
        self._abort = loop.call_later(patience, self.transport.abortConnection)
        if how:
            how()


@lru_cache(maxsize=4)
def _framed(text: str) -> bytes:
    """A server's text frame. One that goes to many is made once."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
