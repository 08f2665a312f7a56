"""Pages of the admin take turns, so that they leave the database to those who talk.

Django runs each in a thread of its own, with a connection of its own: a few slow ones at once, or
somebody who reloads one again and again, would use up what the process has.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from asgiref.sync import markcoroutinefunction
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from chat.relay.work.outage import Outage
from chat.web.waiting import while_waiting
from chatsite.handler import is_threaded

AT_ONCE = 1  # of the pool's connections, the room keeps all others
PATIENCE = 30.0  # seconds that a page waits for its turn
REMEMBERED = 1000  # sessions of staff


class Turns:
    """To be a middleware before those that use the database.

    Staff first: of those who were not seen to be logged in, one at a time waits for the turn. So a
    page of staff waits for one of theirs at most, however many ask for the log-in page.
    """

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponse]]) -> None:
        self._get_response = get_response
        self._free = asyncio.Semaphore(AT_ONCE)
        self._strangers = asyncio.Semaphore(AT_ONCE)
        self._staff: OrderedDict[str, None] = OrderedDict()  # by session, who came last comes last
        self._outage = Outage("pages of the admin can't be made", "they can be made again")
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_threaded(request.path_info):
            return await self._get_response(request)
        try:
            with contextlib.ExitStack() as waiting:
                async with asyncio.timeout(PATIENCE), while_waiting(request):
                    if request.COOKIES.get(settings.SESSION_COOKIE_NAME) not in self._staff:
                        await _take(waiting, self._strangers)
                    await _take(waiting, self._free)
                turn = waiting.pop_all()
        except TimeoutError:
            return _sorry(request)
        return await self._make(request, turn)

    async def _make(self, request: HttpRequest, turn: contextlib.ExitStack) -> HttpResponse:
        page = asyncio.ensure_future(self._get_response(request))
        page.add_done_callback(lambda page: turn.close())
        try:
            response = await asyncio.shield(page)
        except asyncio.CancelledError:
            await asyncio.wait([page])  # who asked has gone; its thread works on all the same
            raise
        if response.status_code < 500:
            self._learn(request)
        return response

    def _learn(self, request: HttpRequest) -> None:
        """Remember who is logged in, by what Django has found in the database."""
        session = getattr(request, "session", None)
        if session is None or not session.accessed:  # to ask it now would be a query
            return
        self._staff.pop(request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""), None)
        if SESSION_KEY in session:
            self._outage.ends()
            self._staff[session.session_key] = None
            if len(self._staff) > REMEMBERED:
                self._staff.popitem(last=False)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, OperationalError | InterfaceError):
            return None
        self._outage.begins(error)
        return _sorry(request)


async def _take(taken: contextlib.ExitStack, free: asyncio.Semaphore) -> None:
    await free.acquire()
    taken.callback(free.release)


def _sorry(request: HttpRequest) -> HttpResponse:
    response = render(request, "503.html", status=503)
    response["Retry-After"] = "3"
    return response
