"""To edit, remove and react over HTTP."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from chat.protocol import incoming
from chat.protocol.incoming import React
from chat.relay.relay import Relay
from chat.web import access
from chat.web.posting import body_of, named, write


async def change(request: HttpRequest, relay: Relay) -> HttpResponse:
    """`POST /api/changes`, as docs/PROTOCOL.md has it."""
    await relay.started()
    client = access.member_of(request)
    fields = incoming.decode(body_of(request))
    wish, wanted = incoming.parse_change(fields), incoming.parse_name(fields)
    name, refusal = None, None
    if isinstance(wish, React):
        name, refusal = await named(relay, client, wanted)
    stored = await write(relay, client, name, wish, refusal)
    return JsonResponse({"nonce": wish.nonce, "seq": stored.seq, "rev": stored.rev})
