"""ASGI's shapes, as far as they matter here."""

from collections.abc import Awaitable, Callable
from typing import Any

Message = dict[str, Any]  # a scope is one, too
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
