"""A request that only waits is no work: under our Daphne another one may begin meanwhile."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from django.http import HttpRequest

from chat.web.send_queue import EXTENSION


class AtWork(Protocol):
    """Our Daphne's request (chatsite/server/request.py), in the `extensions` of the scope."""

    def rest(self) -> None:
        """It only waits from now on."""

    async def turn(self) -> None:
        """Wait until it may work on."""


@asynccontextmanager
async def while_waiting(request: HttpRequest) -> AsyncIterator[None]:
    """Nothing but waiting is done within this. Who has waited works on when it is their turn."""
    extensions = getattr(request, "scope", {}).get("extensions") or {}
    ours: AtWork | None = extensions.get(EXTENSION)
    if ours:
        ours.rest()
    yield
    if ours:
        await ours.turn()
