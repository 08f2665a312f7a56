"""How a client gets a name, on a socket or over HTTP."""

from chat.members.claims import Claim, Claimed
from chat.policy.names import name_limiter
from chat.policy.refusals import refusals
from chat.protocol.errors import FrameError
from chat.relay.relay import Relay
from chat.web.access import Client


async def take_name(relay: Relay, client: Client, name: str | None) -> Claimed:
    """Claim `name`, or, where it is None, the one that they had.

    Raises `FrameError`: `name_taken`, `busy`, or `rate_limited` where it would be one new name too
    many for the address.
    """
    refusal = name_limiter.reserve(client.address)
    renamed = False
    try:
        wish = Claim(client.member_id, name, client.address, may_be_new=refusal is None)
        claimed = await relay.people.claim(wish)
        renamed = claimed.renamed
    finally:  # where it is granted even so, when nobody waits for it, the relay counts it
        if refusal is None and not renamed:
            name_limiter.give_back(client.address)
    if claimed.taken:
        raise FrameError("name_taken")
    if claimed.limited and refusal:
        refusals.note(client.address, "too many new names")
        raise refusal
    return claimed
