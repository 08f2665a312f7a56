"""A client that hears. What it does for each frame is all that the load costs, so it is little."""

import asyncio
import re
from array import array
from dataclasses import dataclass, field
from time import monotonic_ns

from picows import WSListener, WSMsgType, ws_connect

HEAD = 96  # bytes by which a frame is known again: all clients get the same ones
TEXT = 40  # characters of a message: when it was sent, then dots
PATIENCE = 60  # seconds that a client has for connecting, and for joining
_stamp = re.compile(rb"@(\d{18})")


def stamped() -> str:
    """A text that says when it was made, in ns of the clock that all processes share."""
    return f"@{monotonic_ns():018d}".ljust(TEXT, ".")


@dataclass(slots=True)
class Batch:
    """A frame that clients were sent: of which size, with messages of which times, and when.

    `first` and `last` are its `from` and `to`, where the protocol has them. Times are in ns.
    """

    size: int
    sent: list[int]
    first: int = 0
    last: int = 0
    heard: array = field(default_factory=lambda: array("q"))

    @classmethod
    def of(cls, payload: bytes, first: int = 0, last: int = 0) -> "Batch":
        return cls(len(payload), list(map(int, _stamp.findall(payload))), first, last)


class BaseClient(WSListener):
    """One socket. A subclass says how to join and to speak, and knows frames it has not met.

    `unanswered` are posts, where the server answers them; `gaps` are breaks in its order.
    """

    path = "/"
    headers: dict[str, str] | None = None  # of its handshake

    def __init__(self, number: int, batches: dict[bytes, Batch]):
        self.name, self._batches = f"client {number}", batches
        self.unanswered = self.accepted = self.rejected = self.gaps = 0
        self.gone = True

    async def enter(self, url: str, headers: dict[str, str] | None = None) -> None:
        """Connect and join."""
        self._inside = asyncio.get_running_loop().create_future()
        await ws_connect(
            lambda: self,
            url + self.path,
            websocket_handshake_timeout=PATIENCE,
            extra_headers=headers or self.headers,
        )
        self.join()
        await asyncio.wait_for(self._inside, PATIENCE)

    def saw(self, page: str) -> None:
        """Told of the page that it has come with, where it has."""

    def leave(self) -> None:
        self._transport.disconnect(graceful=False)

    def join(self) -> None:
        """Say what makes this a member; call `entered` when it is one."""
        self.entered()

    def entered(self) -> None:
        if not self._inside.done():
            self._inside.set_result(None)

    def send(self, text: str) -> None:
        self._transport.send(WSMsgType.TEXT, text.encode())

    def say(self) -> None:
        """Send a message with the time that it is now."""
        raise NotImplementedError

    def beat(self) -> None:
        """Whatever the protocol asks of a client every 20 seconds or so."""

    def on_ws_connected(self, transport):
        self._transport, self.gone = transport, False

    def on_ws_frame(self, transport, frame):
        if frame.msg_type is not WSMsgType.TEXT:
            return
        view = frame.get_payload_as_memoryview()
        head = bytes(view[:HEAD])
        batch = self._batches.get(head)
        if batch is None:
            batch = self.meet(bytes(view))
            if batch is None:
                return
            self._batches[head] = batch
        batch.heard.append(monotonic_ns())
        self.note(batch, len(view))

    def on_ws_disconnected(self, transport):
        self.gone = True

    def meet(self, payload: bytes) -> Batch | None:
        """A frame that nobody had yet; None if it brings no messages."""
        batch = Batch.of(payload)
        return batch if batch.sent else None

    def note(self, batch: Batch, size: int) -> None:
        """Check the order, where the protocol has one."""
        self.gaps += size != batch.size
