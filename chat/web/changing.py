"""To edit, remove and react over HTTP."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from chat.protocol import incoming
from chat.protocol.incoming import React
from chat.relay.relay import Relay
from chat.web import access
from chat.web.posting import body_of, name_of, write


async def change(request: HttpRequest, relay: Relay) -> HttpResponse:
    """`POST /api/changes`, as docs/PROTOCOL.md has it."""
    await relay.started()
    client = access.member_of(request)
    wish = incoming.parse_change(incoming.decode(body_of(request)))
    name = await name_of(relay, client) if isinstance(wish, React) else None
    stored = await write(relay, client, name, wish)
    return JsonResponse({"nonce": wish.nonce, "seq": stored.seq, "rev": stored.rev})
