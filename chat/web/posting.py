"""To post over HTTP, and to become somebody who can. It comes from pages of ours (answering.py)."""

import asyncio

from django.http import HttpRequest, HttpResponse, JsonResponse

from chat.log.entries import Stored
from chat.members import cookie
from chat.members.claims import Claim
from chat.members.cookie import Credential
from chat.models import new_member_id
from chat.policy.newcomers import newcomers
from chat.policy.rates import rates
from chat.policy.sign_outs import sign_outs
from chat.protocol import bounds, incoming
from chat.protocol.errors import FrameError
from chat.relay.relay import Relay
from chat.web import access, wishes
from chat.web.access import Client
from chat.web.naming import take_name
from chat.web.wishes import Wish


async def post(request: HttpRequest, relay: Relay) -> HttpResponse:
    """`POST /api/messages`, as docs/PROTOCOL.md has it."""
    await relay.started()
    client = access.member_of(request)
    fields = incoming.decode(body_of(request))
    said, wanted = incoming.parse_post(fields), incoming.parse_name(fields)
    name, refusal = await named(relay, client, wanted)
    stored = await write(relay, client, name, said, refusal)
    if stored.fresh:
        newcomers.spoke(client.member_id)
        if client.has_cookie:
            relay.people.spoke(client.member_id)
    answer = {"nonce": said.nonce, "seq": stored.seq}
    return JsonResponse(answer, status=201 if stored.fresh else 200)


def body_of(request: HttpRequest) -> str:
    """The body, which says that it is JSON. Raises `FrameError`."""
    if request.content_type != "application/json":
        raise FrameError("not_json", "The Content-Type is application/json.")
    if len(request.body) > bounds.LIMITS["frame"]:
        raise FrameError("too_long", f"At most {bounds.LIMITS['frame']} bytes.")
    try:
        return request.body.decode()
    except UnicodeDecodeError:
        raise FrameError("not_json") from None


async def named(
    relay: Relay, client: Client, wanted: str | None
) -> tuple[str | None, FrameError | None]:
    """Under which name this member writes, or why it may not. Raises `FrameError("busy")`."""
    try:
        relay.rules.bans.check(client.member_id, client.address)
        return await _take_name(relay, client, wanted), None
    except FrameError as wrong:
        if wrong.code == "busy":
            raise
        return None, wrong


async def _take_name(relay: Relay, client: Client, wanted: str | None) -> str:
    """The name under which this member posts; another one than before is taken as by a join."""
    name = incoming.check_name(wanted)
    claimed = await relay.people.claim(Claim(client.member_id, None, client.address))
    if name is not None and name != claimed.name:
        rates.join(client.address)
        claimed = await take_name(relay, client, name)
    if claimed.taken:
        raise FrameError("name_taken")
    if claimed.name is None:
        raise FrameError("name_required")
    relay.people.renamed(client.member_id, claimed)
    return claimed.name


async def write(
    relay: Relay, client: Client, name: str | None, wish: Wish, refused: FrameError | None = None
) -> Stored:
    """Wait until it is stored. Raises the `FrameError` that says why it isn't: what it is
    `refused` with, or another."""
    outcome: asyncio.Future[Stored] = asyncio.get_running_loop().create_future()

    def settle(result: Stored | FrameError) -> None:
        if outcome.done():  # the client is gone
            return
        if isinstance(result, FrameError):
            outcome.set_exception(result)
        else:
            outcome.set_result(result)

    refused = refused or wishes.refusal(relay, client, name, wish)
    relay.write(wishes.entry_of(client, name, wish), settle, refused)
    return await outcome


# --- POST /api/member ----------------------------------------------------------------------------
async def introduce(request: HttpRequest, relay: Relay) -> HttpResponse:
    """`POST /api/member`: a token for a browser that keeps no cookie.

    It makes somebody new, for as long as they keep it. With `{"forget": true}` instead, whoever has
    a cookie or token gets a new one, and all others that they were given are nobody's; that has a
    budget of its own. The other counts as a join of their address.
    """
    await relay.started()
    forget = bool(request.body) and incoming.parse_forget(incoming.decode(body_of(request)))
    client = access.member_of(request) if forget else access.client_of(request)
    relay.rules.bans.check(client.member_id, client.address)
    if forget:
        sign_outs.take(client.member_id, client.address)
        return await _sign_out_others(relay, client)
    rates.join(client.address)
    member_id, token = cookie.new_token()
    return JsonResponse({"id": member_id, "token": token}, status=201)


async def _sign_out_others(relay: Relay, client: Client) -> HttpResponse:
    generation = await relay.sign_out_others(client.member_id)
    credential = Credential(client.member_id, generation or 0)
    if generation is None:  # nobody whom anybody knows
        credential = Credential(new_member_id(), 0)
    if not client.has_cookie:
        return JsonResponse({"id": credential.member_id, "token": cookie.token_of(credential)})
    response = JsonResponse({"id": credential.member_id})
    cookie.set_cookies(response, credential)
    return response
