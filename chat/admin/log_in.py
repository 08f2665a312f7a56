"""The door of the admin: whoever guesses passwords costs the room nothing.

To hash a password takes a third of a second of a core, and a thread. So it is asked first who
tries, and how often; and only a few tries are at work, or wait, at any time.
"""

import asyncio
from collections.abc import Awaitable, Callable

from asgiref.sync import markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import get_script_prefix, reverse

from chat.policy.log_ins import log_ins
from chat.policy.refusals import refusals
from chat.protocol.errors import FrameError

AT_ONCE = 2  # tries that are at work, or wait for a turn of the admin's pages
WAITING = 50  # tries
PATIENCE = 10.0  # seconds that one waits
RETRY = 3  # seconds


class LogInThrottle:
    """To be a middleware before all that use a thread or the database."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponse]]) -> None:
        self._get_response = get_response
        self._free = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or request.path_info != _log_in():
            return await self._get_response(request)
        address = request.META.get("REMOTE_ADDR")
        try:
            log_ins.try_address(address)
            log_ins.try_name(address, request.POST.get("username", ""))
        except FrameError as wrong:
            refusals.note(address, "log-ins, too fast")
            return _refusal(request, 429, round(wrong.retry_after or RETRY))
        return await self._in_turn(request)

    async def _in_turn(self, request: HttpRequest) -> HttpResponse:
        if self._waiting >= WAITING:
            return _refusal(request, 503, RETRY)
        self._waiting += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await self._free.acquire()
        except TimeoutError:
            return _refusal(request, 503, RETRY)
        finally:
            self._waiting -= 1
        try:
            return await self._get_response(request)
        finally:
            self._free.release()


def _log_in() -> str:
    """Where one logs in, as `path_info`: without the prefix under which the site is served."""
    return "/" + reverse("admin:login").removeprefix(get_script_prefix())


def _refusal(request: HttpRequest, status: int, seconds: int) -> HttpResponse:
    response = render(request, f"{status}.html", {"seconds": seconds}, status=status)
    response["Retry-After"] = str(seconds)
    response["Cache-Control"] = "no-store"
    return response
