"""What an attack is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from chat.tests.abuse.visitor import Visitor

Work = Callable[[Visitor], Awaitable[None]]


@dataclass(frozen=True)
class Attack:
    """`work` is what one connection does; as often as it ends, it is begun again.

    `sockets` of them at each address work at once. `ends`: seconds after which the server must have
    refused it something, or closed a connection; None where that depends on how fast it is
    answered, or where it may go on for ever, as it costs nobody anything. `crowd`: it is tried from
    a hundred addresses, too. Beside others each has at most ten connections. `full`: in a room that
    is full of large messages.
    """

    name: str
    work: Work
    sockets: int = 1
    ends: float | None = None
    crowd: bool = False
    full: bool = False
