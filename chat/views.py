"""The page, and older messages for it. Both are async and touch no shared thread."""

import asyncio
import json
import re
from datetime import datetime

from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from chat import identity, protocol
from chat.batch import Batch
from chat.protocol import FrameError
from chat.relay import Relay, get_relay

PAGE = 50
NUMBER = re.compile("[0-9]{1,16}")
RETRY = 2  # seconds


@require_safe
async def room(request: HttpRequest) -> HttpResponse:
    """The room as it is now; the page goes on from there by itself."""
    relay = get_relay()
    try:
        await relay.started()
        _check_ban(relay, request)
    except FrameError as wrong:
        return await asyncio.to_thread(_apology, request, wrong)
    online = relay.people.presence.online()
    latest = relay.tail.ring.latest()
    response = await asyncio.to_thread(_page, request, latest, online, relay.room)
    # What csp's decorator does, which can't decorate an async view.
    response._csp_update = {"require-trusted-types-for": ["'script'"]}
    add_never_cache_headers(response)
    return response


def _page(request: HttpRequest, latest: list[Batch], online: dict, room: dict) -> HttpResponse:
    """In a thread: it takes some milliseconds, in which the others get their messages."""
    messages = [json.loads(event.encoded) for batch in latest for event in batch.events]
    response = HttpResponse()
    me = identity.remember(request, response)
    state = {
        "epoch": latest[-1].epoch,
        "seq": latest[-1].end,
        "from": latest[0].start,
        "to": latest[-1].end,
        "messages": messages,
        "room": room,
        "me": me,
        "limits": protocol.LIMITS,
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
    return response


def _apology(request: HttpRequest, wrong: FrameError) -> HttpResponse:
    """Why there is no page: the room can't be reached, or not by this person."""
    status = STATUS[wrong.code]
    response = render(request, f"{status}.html", {"message": wrong.message}, status=status)
    if wrong.retry_after:
        response["Retry-After"] = str(round(wrong.retry_after))
    return response


def _check_ban(relay: Relay, request: HttpRequest) -> None:
    member_id = identity.member_of(request.COOKIES.get(identity.COOKIE))
    relay.bans.check(member_id, request.META.get("REMOTE_ADDR"))


@require_safe
async def messages(request: HttpRequest) -> HttpResponse:
    """Older messages: `?before=S&limit=50`."""
    relay = get_relay()
    try:
        before = max(1, _number(request, "before", protocol.NUMBER_LIMIT - 1))
        limit = min(_number(request, "limit", PAGE), protocol.BATCH_MESSAGES)
        await relay.started()
        _check_ban(relay, request)
        found, more = await relay.older(before, max(1, limit))
    except FrameError as wrong:
        return _problem(wrong)
    except DatabaseError:
        return _problem(FrameError("busy", retry_after=RETRY))
    body = protocol.history(
        epoch=relay.tail.ring.epoch,
        seq=relay.tail.ring.seq,
        start=found[0].seq if found else before,
        end=before - 1,
        encoded=(event.encoded for event in found),
        more=more,
    )
    response = HttpResponse(body, content_type="application/json")
    add_never_cache_headers(response)
    return response


def _number(request: HttpRequest, name: str, default: int) -> int:
    value = request.GET.get(name)
    if value is None:
        return default
    if not NUMBER.fullmatch(value) or int(value) >= protocol.NUMBER_LIMIT:
        raise FrameError("bad_field", f"`{name}` is a whole number from 0 to 2^53 - 1.")
    return int(value)


STATUS = {"bad_field": 400, "banned": 403, "busy": 503}


def _problem(wrong: FrameError) -> HttpResponse:
    response = JsonResponse(
        {"code": wrong.code, "message": wrong.message}, status=STATUS[wrong.code]
    )
    if wrong.retry_after:
        response["Retry-After"] = str(round(wrong.retry_after))
    return response
