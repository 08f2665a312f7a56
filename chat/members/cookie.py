"""Which member a browser is: a signed cookie says so or, where cookies are blocked, a token."""

from functools import partial

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, parse_cookie

from chat.models import new_member_id

COOKIE = "member"
PUBLIC_COOKIE = "me"  # the id alone: it lets nobody in, but tells the page that cookies are kept
AGE = 400 * 24 * 3600  # seconds; browsers keep no cookie longer (RFC 6265bis)
SCHEME = "Member "  # in the header `Authorization`
_cookies = signing.TimestampSigner(salt="chat.member")
_tokens = signing.TimestampSigner(salt="chat.token")  # scripts read it: it is no cookie


def member_of_cookie(cookie: str | None) -> str | None:
    """The member id in a cookie's value; None where there is none, or a forged or old one."""
    return _unsigned(_cookies, cookie)


def member_of_token(token: str) -> str | None:
    """The member id in a token; None for a forged or old one."""
    return _unsigned(_tokens, token)


def new_token() -> tuple[str, str]:
    """A new member's id, and the token that says so."""
    member_id = new_member_id()
    return member_id, _tokens.sign(member_id)


def _unsigned(signer: signing.TimestampSigner, value: str | None) -> str | None:
    try:
        return signer.unsign(value or "", max_age=AGE)
    except signing.BadSignature:
        return None


def member_of_headers(headers: list[tuple[bytes, bytes]]) -> str | None:
    """The member id in the headers of a WebSocket handshake, read as Django reads them."""
    cookies = b"; ".join(value for name, value in headers if name == b"cookie")
    return member_of_cookie(parse_cookie(cookies.decode("latin1")).get(COOKIE))


def member_of_request(request: HttpRequest) -> str | None:
    """The member id in the cookie that came with a request."""
    return member_of_cookie(request.COOKIES.get(COOKIE))


def token_of_request(request: HttpRequest) -> str | None:
    """The token in the header `Authorization`, unchecked."""
    header = request.headers.get("Authorization", "")
    return header.removeprefix(SCHEME) if header.startswith(SCHEME) else None


def remember(request: HttpRequest, response: HttpResponse) -> str:
    """Set the cookies, anew each time so that they don't age; returns the member id."""
    member_id = member_of_request(request) or new_member_id()
    set_cookie = partial(
        response.set_cookie, max_age=AGE, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
    set_cookie(COOKIE, _cookies.sign(member_id), httponly=True)
    set_cookie(PUBLIC_COOKIE, member_id)
    return member_id
