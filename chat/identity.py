"""The signed cookie that says which member a browser is."""

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, parse_cookie

from chat.models import new_member_id

COOKIE = "member"
AGE = 400 * 24 * 3600  # seconds; browsers keep no cookie longer (RFC 6265bis)
_signer = signing.TimestampSigner(salt="chat.member")


def member_of(cookie: str | None) -> str | None:
    """The member id in a cookie's value; None where there is none, or a forged or old one."""
    try:
        return _signer.unsign(cookie or "", max_age=AGE)
    except signing.BadSignature:
        return None


def member_of_headers(headers: list[tuple[bytes, bytes]]) -> str | None:
    """The member id in the headers of a WebSocket handshake, read as Django reads them."""
    cookies = b"; ".join(value for name, value in headers if name == b"cookie")
    return member_of(parse_cookie(cookies.decode("latin1")).get(COOKIE))


def member_of_request(request: HttpRequest) -> str | None:
    """The member id in the cookie of a request."""
    return member_of(request.COOKIES.get(COOKIE))


def remember(request: HttpRequest, response: HttpResponse) -> str:
    """Set the cookie, anew each time so that it doesn't age; returns its member id."""
    member_id = member_of_request(request) or new_member_id()
    response.set_cookie(
        COOKIE,
        _signer.sign(member_id),
        max_age=AGE,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return member_id
