"""Who asks, on a socket or over HTTP, and may they?"""

from typing import Any

from django.http import HttpRequest

from chat.members import cookie
from chat.members.cookie import Credential
from chat.members.generations import generations
from chat.models import new_member_id
from chat.protocol.errors import FrameError
from chat.relay.relay import Relay
from chat.web.origin import same_origin


class Client:
    """Who is at the other end: the member of a cookie (with which the name, too, is kept for
    days), that of a token, or a `guest`, somebody for as long as this connection or request."""

    def __init__(self, address: str | None, of_cookie: Credential | None):
        self.address = address
        self.has_cookie = of_cookie is not None
        self.guest = of_cookie is None
        self.member_id, self.generation = of_cookie or Credential(new_member_id(), 0)

    def identify(self, token: str | None) -> bool:
        """Be who `token` names; a cookie counts more. False: it is forged, or too old."""
        if token is None or self.has_cookie:
            return True
        of_token = cookie.member_of_token(token)
        if of_token is None:
            return False
        self.member_id, self.generation = of_token
        self.guest = False
        return True

    @property
    def revoked(self) -> bool:
        """Whether what it came with is nobody's by now."""
        return generations.revoked(self.member_id, self.generation)


def address(request: HttpRequest) -> str | None:
    """Where it comes from."""
    found: str | None = request.META.get("REMOTE_ADDR")
    return found


def client_of(request: HttpRequest) -> Client:
    """Who sent `request`: by cookie or, without a good one, by the token in its header."""
    client = Client(address(request), cookie.member_of_request(request))
    client.identify(cookie.token_of_request(request))
    return client


def member_of(request: HttpRequest) -> Client:
    """The same where it has to be a member. Raises `FrameError("cookie_required")`."""
    client = client_of(request)
    if client.guest:
        raise FrameError("cookie_required")
    return client


def check_ban(request: HttpRequest, relay: Relay) -> None:
    """Raises `FrameError("banned")` where whoever asks may not take part."""
    client = client_of(request)
    relay.rules.bans.check(client.member_id, client.address)


def check_origin(request: HttpRequest) -> None:
    """A page of another site can't post: it may send no JSON, nor hide where it is from.

    Raises `FrameError("cross_origin")`.
    """
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    asgi: Any = request  # Django's ASGIRequest has the scope
    if not same_origin(asgi.scope) or ("Origin" not in request.headers and site != "same-origin"):
        raise FrameError("cross_origin")
