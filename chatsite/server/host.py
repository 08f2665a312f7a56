"""What a socket needs of the server that it is one of."""

import asyncio
from typing import Any, Protocol

from chatsite.server.asgi import Message
from chatsite.server.concurrency import Concurrency
from chatsite.server.door import Door
from chatsite.server.terms import Terms


class Host(Protocol):
    """Our `Server`, and Daphne's."""

    terms: Terms
    door: Door
    concurrency: Concurrency
    root_path: str
    websocket_connect_timeout: float
    ping_interval: float
    ping_timeout: float

    def protocol_connected(self, protocol: object) -> None: ...
    def protocol_disconnected(self, protocol: object) -> None: ...
    def create_application(self, protocol: object, scope: Message) -> asyncio.Queue[Message]: ...
    def log_action(self, protocol: str, action: str, details: dict[str, Any]) -> None: ...
