"""The page, and older messages for it. Both are async and touch no shared thread."""

import json
import re
from datetime import datetime

from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from chat import identity, protocol
from chat.protocol import FrameError
from chat.relay import get_relay

PAGE = 50
NUMBER = re.compile("[0-9]{1,16}")
RETRY = 2  # seconds


@require_safe
async def room(request: HttpRequest) -> HttpResponse:
    """The room as it is now; the page goes on from there by itself."""
    relay = get_relay()
    try:
        await relay.started()
    except FrameError:
        return render(request, "503.html", status=503, headers={"Retry-After": str(RETRY)})
    batches = relay.ring.latest()
    messages = [json.loads(event.encoded) for batch in batches for event in batch.events]
    response = HttpResponse()
    me = identity.remember(request, response)
    online = relay.people.presence.online()
    state = {
        "epoch": relay.ring.epoch,
        "seq": relay.ring.seq,
        "from": batches[0].start,
        "to": batches[-1].end,
        "messages": messages,
        "room": relay.room,
        "me": me,
        "limits": protocol.LIMITS,
    }
    context = {
        "room": relay.room,
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
    # What csp's decorator does, which can't decorate an async view.
    response._csp_update = {"require-trusted-types-for": ["'script'"]}
    add_never_cache_headers(response)
    return response


@require_safe
async def messages(request: HttpRequest) -> HttpResponse:
    """Older messages: `?before=S&limit=50`."""
    relay = get_relay()
    try:
        before = max(1, _number(request, "before", protocol.NUMBER_LIMIT - 1))
        limit = min(_number(request, "limit", PAGE), protocol.BATCH_MESSAGES)
        await relay.started()
        found, more = await relay.older(before, max(1, limit))
    except FrameError as wrong:
        return _problem(wrong)
    except DatabaseError:
        return _problem(FrameError("busy", retry_after=RETRY))
    response = JsonResponse(
        {
            "epoch": relay.ring.epoch,
            "seq": relay.ring.seq,
            "from": found[0].seq if found else before,
            "to": before - 1,
            "messages": [json.loads(message.encoded()) for message in found],
            "more": more,
            "resumed": True,
        },
        json_dumps_params={"ensure_ascii": False, "separators": (",", ":")},
    )
    add_never_cache_headers(response)
    return response


def _number(request: HttpRequest, name: str, default: int) -> int:
    value = request.GET.get(name)
    if value is None:
        return default
    if not NUMBER.fullmatch(value) or int(value) >= protocol.NUMBER_LIMIT:
        raise FrameError("bad_field", f"`{name}` is a whole number from 0 to 2^53 - 1.")
    return int(value)


STATUS = {"bad_field": 400, "busy": 503}


def _problem(wrong: FrameError) -> HttpResponse:
    response = JsonResponse(
        {"code": wrong.code, "message": wrong.message}, status=STATUS[wrong.code]
    )
    if wrong.retry_after:
        response["Retry-After"] = str(round(wrong.retry_after))
    return response
