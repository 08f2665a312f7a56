"""What an application hands to its server."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn


@dataclass(frozen=True)
class Goodbye:
    """A last text, and the code of the close that follows it."""

    text: str
    code: int


@dataclass(frozen=True)
class Terms:
    """`extension` is the name under which a WebSocket's scope has its way out (`WebSocket.write`).

    `begin` is called before anything else; it may end the process, where it must not serve. `ready`
    is called when it listens; `refuse` ends it where it can't, with words for the error.
    `farewell` is awaited when the process is to end, while everybody is still connected.
    """

    frame_bytes: int  # that one message may have
    extension: str
    slow: Goodbye  # to a client that doesn't read
    flood: Goodbye  # to a client that sends faster than it is read
    begin: Callable[[], None]
    ready: Callable[[], None]
    refuse: Callable[[Exception], NoReturn]
    farewell: Callable[[], Awaitable[None]]
