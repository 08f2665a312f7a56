"""The page. It is async and touches no shared thread."""

import asyncio
import json
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.html import escape, json_script
from django.views.decorators.http import require_safe

from chat.log.batch import Batch, Event, newest
from chat.members import cookie
from chat.protocol import bounds
from chat.protocol.errors import FrameError
from chat.relay.process import get_relay
from chat.web import access
from chat.web.turns import one_at_a_time

MESSAGES_BYTES = 112 * 1024  # of the page's 128 KiB; the rest is asked for when it is looked at
MARKUP = 800  # bytes around a message
SIGN = 5  # bytes that JSON in a page has more for each sign of HTML
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
    latest = newest(relay.tail.catch_up(None), MESSAGES_BYTES, _weigh)
    async with one_at_a_time(access.address(request)):
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
    request: HttpRequest, latest: Batch, online: dict[str, Any], room: dict[str, Any]
) -> HttpResponse:
    """In a thread: it takes some milliseconds, in which the others get their messages."""
    messages = [json.loads(event.encoded) for event in latest.events]
    response = HttpResponse()
    me = cookie.remember(request, response)
    state = {
        "epoch": latest.epoch,
        "seq": latest.end,
        "from": latest.start,
        "to": latest.end,
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
        "state": json_script(state, "state", Unescaped),
    }
    response.content = render(request, "chat/room.html", context).content
    # There is nothing secret in it that could be guessed by its compressed length.
    gzip.process_response(request, response)
    return response


class Unescaped(json.JSONEncoder):
    """Letters as they are: half as many bytes, and a third for a sign that is drawn."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"ensure_ascii": False})


def _weigh(event: Event) -> int:
    """At most the bytes that a message adds to the page: it is there as HTML and as JSON."""
    signs = sum(map(event.encoded.count, "<>&"))
    return MARKUP + len(escape(event.encoded).encode()) + event.size + SIGN * signs


def _apology(request: HttpRequest, wrong: FrameError) -> HttpResponse:
    """Why there is no page: the room can't be reached, or not by this person."""
    status = STATUS[wrong.code]
    response = render(request, f"{status}.html", {"message": wrong.message}, status=status)
    if wrong.retry_after:
        response["Retry-After"] = str(round(wrong.retry_after))
    return response
