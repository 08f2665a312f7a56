"""The page. It is async and touches no shared thread."""

import asyncio
import re
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from django.views.decorators.http import require_safe

from chat.members import cookie
from chat.protocol.errors import FrameError
from chat.relay.process import get_relay
from chat.relay.relay import Relay
from chat.web import access, shared_page
from chat.web.shared_page import Content, Page, SharedPage

STATUS = {"banned": 403, "busy": 503}
GZIP = re.compile(r"\bgzip\b")
_pages: WeakKeyDictionary[Relay, SharedPage] = WeakKeyDictionary()


@require_safe
async def room(request: HttpRequest) -> HttpResponse:
    """The room as it is now; the page goes on from there by itself."""
    relay = get_relay()
    try:
        await relay.started()
        access.check_ban(request, relay)
    except FrameError as wrong:
        return await asyncio.to_thread(_apology, request, wrong)
    page = await _current(relay)
    response = _answer(request, page)
    cookie.remember(request, response)
    found: Any = get_conditional_response(request, etag=page.etag, response=response)
    # What csp's decorator does, which can't decorate an async view. A 304's too: a browser takes
    # its headers over into the page that it has kept (RFC 9111, 3.2).
    found._csp_update = {"require-trusted-types-for": ["'script'"]}
    found["X-Robots-Tag"] = "noindex"  # for those that don't ask robots.txt
    answer: HttpResponse = found
    return answer


@require_safe
async def robots(request: HttpRequest) -> HttpResponse:
    """What people say to each other is for who comes here, not for search engines to keep."""
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")


async def _current(relay: Relay) -> Page:
    content = Content.of(relay)
    if relay not in _pages:
        _pages[relay] = SharedPage()
    make = partial(shared_page.render, content, relay.tail.catch_up(None))
    return await _pages[relay].get(content, make)


def _answer(request: HttpRequest, page: Page) -> HttpResponse:
    zipped = GZIP.search(request.headers.get("Accept-Encoding", ""))
    response = HttpResponse(page.gzipped if zipped else page.plain)
    if zipped:
        response["Content-Encoding"] = "gzip"
    response["ETag"] = page.etag
    patch_vary_headers(response, ["Accept-Encoding"])
    # Not `no-store`: then browsers could not show it at once when somebody comes back to it.
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _apology(request: HttpRequest, wrong: FrameError) -> HttpResponse:
    """Why there is no page: the room can't be reached, or not by this person."""
    status = STATUS[wrong.code]
    response = render(request, f"{status}.html", {"message": wrong.message}, status=status)
    if wrong.retry_after:
        response["Retry-After"] = str(round(wrong.retry_after))
    return response
