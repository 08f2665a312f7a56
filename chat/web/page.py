"""The page. It is async and touches no shared thread."""

import asyncio
import json
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from chat.log.batch import Batch
from chat.members import cookie
from chat.protocol import bounds
from chat.protocol.errors import FrameError
from chat.relay.process import get_relay
from chat.web import access

STATUS = {"banned": 403, "busy": 503}
gzip = GZipMiddleware(lambda request: HttpResponse())  # which it is never asked for


@require_safe
async def room(request: HttpRequest) -> HttpResponse:
    """The room as it is now; the page goes on from there by itself."""
    relay = get_relay()
    try:
        await relay.started()
        access.check_ban(request, relay)
    except FrameError as wrong:
        return await asyncio.to_thread(_apology, request, wrong)
    online = relay.people.online()
    latest = relay.tail.catch_up(None)
    response = await asyncio.to_thread(_page, request, latest, online, relay.rules.room)
    # What csp's decorator does, which can't decorate an async view.
    page: Any = response
    page._csp_update = {"require-trusted-types-for": ["'script'"]}
    add_never_cache_headers(response)
    response["X-Robots-Tag"] = "noindex"  # for those that don't ask robots.txt
    return response


@require_safe
async def robots(request: HttpRequest) -> HttpResponse:
    """What people say to each other is for who comes here, not for search engines to keep."""
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")


def _page(
    request: HttpRequest, latest: list[Batch], online: dict[str, Any], room: dict[str, Any]
) -> HttpResponse:
    """In a thread: it takes some milliseconds, in which the others get their messages."""
    messages = [json.loads(event.encoded) for batch in latest for event in batch.events]
    response = HttpResponse()
    me = cookie.remember(request, response)
    state = {
        "epoch": latest[-1].epoch,
        "seq": latest[-1].end,
        "from": latest[0].start,
        "to": latest[-1].end,
        "messages": messages,
        "room": room,
        "limits": bounds.LIMITS,
    }
    context = {
        "room": room,
        "messages": [
            message | {"at_time": datetime.fromisoformat(message["at"])}
            for message in sorted(messages, key=lambda message: message["seq"])
        ],
        "me": me,
        "people": online["names"],
        "count": online["count"],
        "state": state,
    }
    response.content = render(request, "chat/room.html", context).content
    # There is nothing secret in it that could be guessed by its compressed length.
    gzip.process_response(request, response)
    return response


def _apology(request: HttpRequest, wrong: FrameError) -> HttpResponse:
    """Why there is no page: the room can't be reached, or not by this person."""
    status = STATUS[wrong.code]
    response = render(request, f"{status}.html", {"message": wrong.message}, status=status)
    if wrong.retry_after:
        response["Retry-After"] = str(round(wrong.retry_after))
    return response
