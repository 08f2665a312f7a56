"""Who asks over HTTP, and may they?"""

from typing import Any

from django.http import HttpRequest

from chat.members import cookie
from chat.protocol.errors import FrameError
from chat.relay.relay import Relay
from chat.web.origin import same_origin


def address(request: HttpRequest) -> str | None:
    """Where it comes from."""
    found: str | None = request.META.get("REMOTE_ADDR")
    return found


def check_ban(request: HttpRequest, relay: Relay) -> None:
    """Raises `FrameError("banned")` where whoever asks may not take part."""
    relay.bans.check(cookie.member_of_request(request), address(request))


def check_origin(request: HttpRequest) -> None:
    """A page of another site can't post: it may send no JSON, nor hide where it is from.

    Raises `FrameError("cross_origin")`.
    """
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    asgi: Any = request  # Django's ASGIRequest has the scope
    if not same_origin(asgi.scope) or ("Origin" not in request.headers and site != "same-origin"):
        raise FrameError("cross_origin")


def member(request: HttpRequest) -> str:
    """Who posts. Raises `FrameError`, `cross_origin` or `cookie_required`."""
    check_origin(request)
    member_id = cookie.member_of_request(request)
    if member_id is None:
        raise FrameError("cookie_required")
    return member_id
