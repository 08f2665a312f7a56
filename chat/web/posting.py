"""The room over HTTP, for those whose WebSockets are blocked: read, wait for more, post.

Async throughout: who waits costs no thread.
"""

import asyncio
import math
import re
from collections.abc import Awaitable, Callable

from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt

from chat.log.append import Draft
from chat.members import cookie
from chat.members.claims import Claim
from chat.policy.connections import connection_limiter
from chat.policy.rates import rates
from chat.protocol import bounds, incoming, outgoing
from chat.protocol.errors import FrameError
from chat.protocol.incoming import Since
from chat.relay.relay import Relay, get_relay
from chat.relay.writer import Stored
from chat.web import access

PAGE = 50
WAIT = 25  # seconds
RETRY = 2  # seconds
AT_MOST = 28  # seconds that an answer may take; Heroku's router gives up after 30
NUMBER = re.compile("[0-9]{1,16}")

STATUS = {
    "cookie_required": 403,
    "cross_origin": 403,
    "banned": 403,
    "read_only": 403,
    "name_required": 403,
    "name_taken": 409,
    "nonce_conflict": 409,
    "too_long": 413,
    "rate_limited": 429,
    "slow_mode": 429,
    "busy": 503,
    "unknown": 504,
}  # whatever else is wrong with a request: 400


@csrf_exempt  # `_post` needs JSON, and looks at `Origin`
async def messages(request: HttpRequest) -> HttpResponse:
    """`GET` and `POST /api/messages`, as docs/PROTOCOL.md has them."""
    return await _answer(request, MESSAGES)


@csrf_exempt  # `_introduce` looks at `Origin`
async def member(request: HttpRequest) -> HttpResponse:
    """`POST /api/member`: a token for a browser that keeps no cookie."""
    return await _answer(request, MEMBER)


async def _answer(request: HttpRequest, methods: "dict[str, Method]") -> HttpResponse:
    if request.method not in methods:
        return HttpResponseNotAllowed(methods)
    answer, overdue = methods[request.method]
    try:
        async with asyncio.timeout(AT_MOST):
            response = await answer(request, get_relay())
    except FrameError as wrong:
        response = _problem(wrong)
    except DatabaseError:
        response = _problem(FrameError("busy", retry_after=RETRY))
    except TimeoutError:
        response = _problem(FrameError(overdue, retry_after=RETRY))
    add_never_cache_headers(response)
    return response


def _problem(wrong: FrameError) -> HttpResponse:
    fields: dict[str, object] = {"code": wrong.code, "message": wrong.message}
    if wrong.retry_after:
        fields["retry_after"] = wrong.retry_after
    response = JsonResponse(fields, status=STATUS.get(wrong.code, 400))
    if wrong.retry_after:
        response["Retry-After"] = str(math.ceil(wrong.retry_after))
    return response


# --- GET -----------------------------------------------------------------------------------------
async def _get(request: HttpRequest, relay: Relay) -> HttpResponse:
    await relay.started()
    access.check_ban(request, relay)
    body = await (_older if "before" in request.GET else _newer)(request, relay)
    return HttpResponse(body, content_type="application/json")


async def _older(request: HttpRequest, relay: Relay) -> str:
    """What came before: `?before=S&limit=50`."""
    if "after" in request.GET:
        raise FrameError("bad_field", "`before` or `after`, not both.")
    before = max(1, _number(request, "before", 1))
    limit = min(_number(request, "limit", PAGE), bounds.BATCH_MESSAGES)
    found, more = await relay.older(before, max(1, limit))
    here = relay.tail.position
    return outgoing.history(
        epoch=here.epoch,
        seq=here.seq,
        start=found[0].seq if found else before,
        end=before - 1,
        encoded=(event.encoded for event in found),
        more=more,
        resumed=True,
    )


async def _newer(request: HttpRequest, relay: Relay) -> str:
    """What came after: `?after=S&epoch=E&wait=25`; without `after` as a first join."""
    wait = min(_number(request, "wait", 0), WAIT)
    since = None
    if "after" in request.GET:
        epoch = request.GET.get("epoch", relay.tail.position.epoch)
        since = Since(epoch, _number(request, "after", 0))
    resumed = await relay.tail.resumable(since)
    if resumed and since and wait and since == relay.tail.position:
        await _moved(request, relay, since, wait)
        access.check_ban(request, relay)
        resumed = await relay.tail.resumable(since)
    here = relay.tail.position
    batch = relay.tail.catch_up(since if resumed else None)[0]
    return outgoing.history(
        epoch=here.epoch,
        seq=here.seq,
        start=batch.start,
        end=batch.end,
        encoded=(event.encoded for event in batch.events),
        more=batch.end < here.seq,
        resumed=resumed,
    )


async def _moved(request: HttpRequest, relay: Relay, since: Since, wait: float) -> None:
    """Wait; who waits counts as a socket."""
    address = access.address(request)
    if not connection_limiter.admit(address):
        raise FrameError("rate_limited", "Too many wait at this address.", retry_after=RETRY)
    try:
        await relay.tail.moved(since, wait)
    finally:
        connection_limiter.release(address)


def _number(request: HttpRequest, name: str, default: int) -> int:
    value = request.GET.get(name)
    if value is None:
        return default
    if not NUMBER.fullmatch(value) or int(value) >= bounds.NUMBER_LIMIT:
        raise FrameError("bad_field", f"`{name}` is a whole number from 0 to 2^53 - 1.")
    return int(value)


# --- POST ----------------------------------------------------------------------------------------
async def _post(request: HttpRequest, relay: Relay) -> HttpResponse:
    member_id = access.member(request)
    fields = incoming.decode(_body(request))
    post, name = incoming.parse_post(fields), incoming.parse_name(fields)
    await relay.started()
    address = access.address(request)
    refusal = None
    try:
        relay.bans.check(member_id, address)
        name = await _take_name(relay, member_id, name, address)
        rates.post(member_id, relay.room)
    except FrameError as wrong:
        if wrong.code == "busy":
            raise
        refusal = wrong
    stored = await _store(relay, Draft(member_id, name or "", post.nonce, post.text), refusal)
    if stored.fresh and cookie.has_cookie(request):
        relay.people.spoke(member_id)
    answer = {"nonce": post.nonce, "seq": stored.seq}
    return JsonResponse(answer, status=201 if stored.fresh else 200)


def _body(request: HttpRequest) -> str:
    if request.content_type != "application/json":
        raise FrameError("not_json", "The Content-Type is application/json.")
    if len(request.body) > bounds.LIMITS["frame"]:
        raise FrameError("too_long", f"At most {bounds.LIMITS['frame']} bytes.")
    try:
        return request.body.decode()
    except UnicodeDecodeError:
        raise FrameError("not_json") from None


async def _take_name(relay: Relay, member_id: str, wanted: str | None, address: str | None) -> str:
    """The name under which this member posts; another one than before is taken as by a join."""
    name = incoming.check_name(wanted)
    claimed = await relay.people.claim(Claim(member_id, None, address))
    if name is not None and name != claimed.name:
        rates.join(address)
        claimed = await relay.people.claim(Claim(member_id, name, address))
    if claimed.taken:
        raise FrameError("name_taken")
    if claimed.name is None:
        raise FrameError("name_required")
    relay.people.renamed(member_id, claimed)
    return claimed.name


async def _store(relay: Relay, draft: Draft, refusal: FrameError | None) -> Stored:
    """Wait until it is stored. Raises the `FrameError` that says why it isn't."""
    outcome: asyncio.Future[Stored] = asyncio.get_running_loop().create_future()

    def settle(result: Stored | FrameError) -> None:
        if outcome.done():  # the client is gone
            return
        if isinstance(result, FrameError):
            outcome.set_exception(result)
        else:
            outcome.set_result(result)

    relay.post(draft, settle, refusal)
    return await outcome


# --- POST /api/member ----------------------------------------------------------------------------
async def _introduce(request: HttpRequest, relay: Relay) -> HttpResponse:
    """Somebody new, for as long as they keep the token. It counts as a join of their address."""
    access.check_origin(request)
    await relay.started()
    access.check_ban(request, relay)
    rates.join(access.address(request))
    member_id, token = cookie.new_token()
    return JsonResponse({"id": member_id, "token": token}, status=201)


# And what is said where an answer takes too long: of a post it is not known what becomes of it.
Method = tuple[Callable[[HttpRequest, Relay], Awaitable[HttpResponse]], str]
MESSAGES: dict[str, Method] = {
    "GET": (_get, "busy"),
    "HEAD": (_get, "busy"),
    "POST": (_post, "unknown"),
}
MEMBER: dict[str, Method] = {"POST": (_introduce, "busy")}
