"""What somebody wants stored, on a socket or over HTTP: as an entry, and whether they may."""

from collections.abc import Callable
from typing import Any

from chat.log.entries import Change, Draft, Entry
from chat.models import Room
from chat.policy.rates import rates
from chat.protocol.errors import FrameError
from chat.protocol.incoming import ChangeFrame, Edit, Post, React, Remove
from chat.relay.relay import Relay
from chat.web.access import Client

Wish = Post | ChangeFrame
Check = Callable[[Relay, Client, str | None, Any], None]


def entry_of(client: Client, name: str | None, wish: Wish) -> Entry:
    """`wish` as it waits to be stored."""
    if isinstance(wish, Post):
        return Draft(client.member_id, name or "", wish.nonce, wish.text, wish.reply_to)
    return Change(client.member_id, wish)


def refusal(relay: Relay, client: Client, name: str | None, wish: Wish) -> FrameError | None:
    """Why `client`, under this name, may not have it now, if so. What may be, is counted."""
    try:
        for check in CHECKS[type(wish)]:
            check(relay, client, name, wish)
    except FrameError as wrong:
        return wrong
    return None


def _is_named(relay: Relay, client: Client, name: str | None, wish: Wish) -> None:
    if name is None:
        raise FrameError("name_required")


def _is_not_banned(relay: Relay, client: Client, name: str | None, wish: Wish) -> None:
    relay.rules.bans.check(client.member_id, client.address)


def _room_is_open(relay: Relay, client: Client, name: str | None, wish: Wish) -> None:
    if relay.rules.room["mode"] == Room.Mode.READ_ONLY:
        raise FrameError("read_only")


def _posts_in_time(relay: Relay, client: Client, name: str | None, wish: Any) -> None:
    rates.post(client.member_id, client.address, wish.text, relay.rules.room)


def _edits_in_time(relay: Relay, client: Client, name: str | None, wish: Any) -> None:
    rates.edit(client.member_id, client.address, wish.text)


def _reacts_in_time(relay: Relay, client: Client, name: str | None, wish: Any) -> None:
    rates.react(client.member_id, client.address, relay.tail.size_of(wish.seq))


# In this order: what counts against a rate comes last. What one has said oneself one may always
# remove.
CHECKS: dict[type[Any], tuple[Check, ...]] = {
    Post: (_is_named, _is_not_banned, _room_is_open, _posts_in_time),
    Edit: (_is_not_banned, _room_is_open, _edits_in_time),
    React: (_is_named, _is_not_banned, _room_is_open, _reacts_in_time),
    Remove: (),
}
