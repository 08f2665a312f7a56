"""Who has reacted, by name, and which reactions are one's own."""

from django.http import HttpRequest, HttpResponse

from chat.protocol.errors import FrameError
from chat.protocol.outgoing import encode
from chat.relay.relay import Relay
from chat.web import access
from chat.web.reading import answer, number, numbers


async def read(request: HttpRequest, relay: Relay) -> HttpResponse:
    """`GET /api/reactions`, as docs/PROTOCOL.md has it."""
    await relay.started()
    access.check_ban(request, relay)
    return await answer(request, lambda: _look_up(request, relay))


async def _look_up(request: HttpRequest, relay: Relay) -> str:
    if "mine" in request.GET:
        member = access.member_of(request)
        found = await relay.reactions_of(member.member_id, numbers(request, "mine"))
    elif "seq" in request.GET:
        found = await relay.reactions(number(request, "seq", 0))
    else:
        raise FrameError("bad_field", "`seq` or `mine`.")
    return encode(found)
