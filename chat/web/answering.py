"""How a request of the API is answered: by its method's handler, in time, or with what is wrong.

Async throughout: who waits costs no thread.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NamedTuple

from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt

from chat.protocol.errors import FrameError
from chat.relay.process import get_relay
from chat.relay.relay import Relay
from chat.web import access

RETRY = 2  # seconds
AT_MOST = 28  # seconds that an answer may take; Heroku's router gives up after 30
READING = {"GET", "HEAD"}

STATUS = {
    "cookie_required": 403,
    "cross_origin": 403,
    "banned": 403,
    "read_only": 403,
    "name_required": 403,
    "name_taken": 409,
    "nonce_conflict": 409,
    "not_yours": 403,
    "too_late": 403,
    "gone": 410,
    "too_long": 413,
    "rate_limited": 429,
    "slow_mode": 429,
    "busy": 503,
    "unknown": 504,
}  # whatever else is wrong with a request: 400


class Method(NamedTuple):
    """`answer` may raise `FrameError` and `DatabaseError`; `overdue` is said where it takes too
    long: `unknown`, where it is not known then what becomes of what was asked for."""

    answer: Callable[[HttpRequest, Relay], Awaitable[HttpResponse]]
    overdue: str = "busy"


View = Callable[[HttpRequest], Coroutine[Any, Any, HttpResponse]]


def endpoint(methods: dict[str, Method]) -> View:
    """The view that answers by these methods. Only a page of ours may use one that writes."""

    async def view(request: HttpRequest) -> HttpResponse:
        if request.method not in methods:
            return HttpResponseNotAllowed(methods)
        response = await _answer(request, methods[request.method])
        add_never_cache_headers(response)
        return response

    return csrf_exempt(view)  # instead, `Origin` is looked at


async def _answer(request: HttpRequest, method: Method) -> HttpResponse:
    try:
        if request.method not in READING:
            access.check_origin(request)
        async with asyncio.timeout(AT_MOST):
            return await method.answer(request, get_relay())
    except FrameError as wrong:
        return _problem(wrong)
    except DatabaseError:
        return _problem(FrameError("busy", retry_after=RETRY))
    except TimeoutError:
        return _problem(FrameError(method.overdue, retry_after=RETRY))


def _problem(wrong: FrameError) -> HttpResponse:
    fields: dict[str, object] = {"code": wrong.code, "message": wrong.message}
    if wrong.retry_after:
        fields["retry_after"] = wrong.retry_after
    response = JsonResponse(fields, status=STATUS.get(wrong.code, 400))
    if wrong.retry_after:
        response["Retry-After"] = str(math.ceil(wrong.retry_after))
    return response
