"""To read over HTTP: what came before, what came after, and to wait for more (a long poll)."""

import re
from collections.abc import Awaitable, Callable

from django.http import HttpRequest, HttpResponse

from chat.policy.connections import connection_limiter
from chat.policy.rates import rates
from chat.policy.refusals import refusals
from chat.protocol import bounds, outgoing
from chat.protocol.errors import FrameError
from chat.protocol.incoming import Since
from chat.relay.relay import Relay
from chat.web import access
from chat.web.waiting import while_waiting

PAGE = 50
MOST = 50  # messages that are asked for by number
WAIT = 25  # seconds
NUMBER = re.compile("[0-9]{1,16}")


async def read(request: HttpRequest, relay: Relay) -> HttpResponse:
    """`GET /api/messages`, as docs/PROTOCOL.md has it."""
    await relay.started()
    access.check_ban(request, relay)
    wanted = next((name for name in READERS if name in request.GET), "after")
    if wanted != "after":
        return await answer(request, lambda: READERS[wanted](request, relay))
    body = (await _newer(request, relay)).encode()
    _count(access.address(request), len(body))
    return HttpResponse(body, content_type="application/json")


async def answer(request: HttpRequest, look_up: Callable[[], Awaitable[str]]) -> HttpResponse:
    """The answer with the JSON that is looked up, which counts as read by the address of who asked.

    It is asked before whether that has anything left: to find out how much it is costs a query.
    Raises `FrameError("rate_limited")`.
    """
    address = access.address(request)
    _count(address, 0)
    body = (await look_up()).encode()
    rates.catch_up(address, len(body))
    return HttpResponse(body, content_type="application/json")


def _count(address: str | None, size: int) -> None:
    """Raises `FrameError("rate_limited")` where the address has had too much."""
    if wait := rates.may_catch_up(address, size):
        refusals.note(address, "reads, too much")
        raise FrameError("rate_limited", retry_after=wait)


async def _these(request: HttpRequest, relay: Relay) -> str:
    """Some messages by number, in that order: `?seqs=3,17`."""
    here = relay.tail.position
    found, more = await relay.these(numbers(request, "seqs"))
    return outgoing.these(here.epoch, here.seq, (event.encoded for event in found), more=more)


async def _older(request: HttpRequest, relay: Relay) -> str:
    """What came before: `?before=S&limit=50`."""
    if "after" in request.GET:
        raise FrameError("bad_field", "`before` or `after`, not both.")
    before = max(1, number(request, "before", 1))
    limit = min(number(request, "limit", PAGE), bounds.BATCH_MESSAGES)
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
    wait = min(number(request, "wait", 0), WAIT)
    since = None
    if "after" in request.GET:
        epoch = request.GET.get("epoch", relay.tail.position.epoch)
        since = Since(epoch, number(request, "after", 0))
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
    """Wait; who waits counts as a socket. Raises the `FrameError` of `ConnectionLimiter.admit`."""
    address = access.address(request)
    connection_limiter.admit(address)
    try:
        async with while_waiting(request):
            await relay.tail.moved(since, wait)
    finally:
        connection_limiter.release(address)


READERS: dict[str, Callable[[HttpRequest, Relay], Awaitable[str]]] = {
    "seqs": _these,
    "before": _older,
    "after": _newer,
}


def numbers(request: HttpRequest, name: str) -> list[int]:
    """At most `MOST` numbers with commas between them. Raises `FrameError("bad_field")`."""
    found = [_parse(name, value) for value in request.GET[name].split(",", MOST)]
    if len(found) > MOST:
        raise FrameError("bad_field", f"`{name}` has at most {MOST} numbers.")
    return found


def number(request: HttpRequest, name: str, default: int) -> int:
    value = request.GET.get(name)
    return default if value is None else _parse(name, value)


def _parse(name: str, value: str) -> int:
    if not NUMBER.fullmatch(value) or int(value) >= bounds.NUMBER_LIMIT:
        raise FrameError("bad_field", f"`{name}` is a whole number from 0 to 2^53 - 1.")
    return int(value)
