"""What an application hands to its server."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Goodbye:
    """A last text, and the code of the close that follows it."""

    text: str
    code: int


@dataclass(frozen=True)
class Terms:
    """`extension` is the name under which a WebSocket's scope has its way out (`WebSocket.write`).

    `begins` is called before anything else, `listens` when it listens, `is_deaf` with the reason
    where it can't; the first and the last may end the process.
    `farewell` is awaited when the process is to end, while everybody is still connected.
    """

    frame_bytes: int  # that one message may have
    extension: str
    slow: Goodbye  # to a client that doesn't read
    flood: Goodbye  # to a client that sends faster than it is read
    begins: Callable[[], None]
    listens: Callable[[], None]
    is_deaf: Callable[[BaseException | None], None]
    farewell: Callable[[], Awaitable[None]]
