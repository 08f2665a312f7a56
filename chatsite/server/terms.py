"""What an application hands to its server.

The server counts, measures and closes; what is too much is the application's to say. Two verbs are
for its policy, both called in the event loop, so neither may wait:

`admit(address, kind, path)` is asked before the application sees a request: `kind` is `request` or
`handshake` (of a WebSocket). It returns 0 where the request may pass. Anything else are the seconds
after which to come again: it is answered with 429, those seconds as Retry-After, and a short page.

`refused(address, why)` is told of everything that the server has turned away or ended by itself.
`why` is one of a few fixed phrases, as "too many connections", so that they can be counted.

`address` is the client's as behind `trusted_hops` proxies; None where there is none (Unix sockets).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Goodbye:
    """A last text, and the code of the close that follows it."""

    text: str
    code: int


def admit_all(address: str | None, kind: str, path: str) -> float:
    return 0.0


def tell_nobody(address: str | None, why: str) -> None:
    pass


@dataclass(frozen=True)
class Terms:
    """`extension` is the name under which a WebSocket's scope has its way out (`WebSocket.write`).

    `begins` is called before anything else, `listens` when it listens, `is_deaf` with the reason
    where it can't; the first and the last may end the process.
    `farewell` is awaited when the process is to end, while everybody is still connected.
    `words` are for people, by the status of an answer that the server gives by itself.
    """

    frame_bytes: int  # that one message may have
    extension: str
    slow: Goodbye  # to a client that doesn't read
    flood: Goodbye  # to a client that sends faster than it is read
    begins: Callable[[], None]
    listens: Callable[[], None]
    is_deaf: Callable[[BaseException | None], None]
    farewell: Callable[[], Awaitable[None]]
    trusted_hops: int = 0  # proxies in front whose X-Forwarded-For is believed
    connections: int = 0  # in all; 0: no limit
    connections_per_address: int = 0  # where no proxy is trusted; 0: no limit
    requests_at_once: int = 0  # at work for an address, four times that for all; 0: no limit
    texts_at_once: int = 0  # that are taken from a WebSocket; 0: no limit
    texts_per_second: float = 0.0  # that are taken after that
    words: Mapping[int, str] = field(default_factory=dict)
    admit: Callable[[str | None, str, str], float] = admit_all
    refused: Callable[[str | None, str], None] = tell_nobody
