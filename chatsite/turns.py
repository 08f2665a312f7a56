"""Pages of the admin take turns, so that they leave the database to those who talk.

Django runs each in a thread of its own, with a connection of its own: a few slow ones at once, or
somebody who reloads one again and again, would use up what the process has.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from asgiref.sync import markcoroutinefunction
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from chat.relay.work.outage import reason
from chat.web.waiting import waiting

AT_ONCE = 1  # of the pool's connections, the room keeps all others
PATIENCE = 30.0  # seconds that a page waits for its turn
logger = logging.getLogger(__name__)


class Turns:
    """To be a middleware before those that use the database."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponse]]) -> None:
        self._get_response = get_response
        self._free = asyncio.Semaphore(AT_ONCE)
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/admin/"):
            return await self._get_response(request)
        try:
            async with asyncio.timeout(PATIENCE), waiting(request):
                await self._free.acquire()
        except TimeoutError:
            return _sorry(request)
        page = asyncio.ensure_future(self._get_response(request))
        page.add_done_callback(lambda page: self._free.release())
        try:
            return await asyncio.shield(page)
        except asyncio.CancelledError:
            await asyncio.wait([page])  # who asked has gone; its thread works on all the same
            raise

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, OperationalError | InterfaceError):
            return None
        logger.warning("a page of the admin can't be made: %s", reason(error))
        return _sorry(request)


def _sorry(request: HttpRequest) -> HttpResponse:
    response = render(request, "503.html", status=503)
    response["Retry-After"] = "3"
    return response
