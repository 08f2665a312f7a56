"""Which member a browser is: a signed cookie says so or, where cookies are blocked, a token."""

from functools import partial
from typing import NamedTuple

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, parse_cookie

from chat.members.generations import AGE, generations
from chat.models import new_member_id

COOKIE = "member"
PUBLIC_COOKIE = "me"  # the id alone: it lets nobody in, but tells the page that cookies are kept
SCHEME = "Member "  # in the header `Authorization`
_cookies = signing.TimestampSigner(salt="chat.member")
_tokens = signing.TimestampSigner(salt="chat.token")  # scripts read it: it is no cookie


class Credential(NamedTuple):
    """Whose a cookie or a token is, and of which generation."""

    member_id: str
    generation: int

    def __str__(self) -> str:
        return f"{self.member_id}.{self.generation}" if self.generation else self.member_id


def member_of_cookie(cookie: str | None) -> Credential | None:
    """Whose a cookie's value is; None where there is none, or a forged, old or revoked one."""
    return _unsigned(_cookies, cookie)


def member_of_token(token: str) -> Credential | None:
    """Whose a token is; None for a forged, old or revoked one."""
    return _unsigned(_tokens, token)


def new_token() -> tuple[str, str]:
    """A new member's id, and the token that says so."""
    member_id = new_member_id()
    return member_id, token_of(Credential(member_id, 0))


def token_of(credential: Credential) -> str:
    return _tokens.sign(str(credential))


def _unsigned(signer: signing.TimestampSigner, value: str | None) -> Credential | None:
    try:
        member_id, _, generation = signer.unsign(value or "", max_age=AGE).partition(".")
    except signing.BadSignature:
        return None
    credential = Credential(member_id, int(generation or 0))
    return None if generations.revoked(*credential) else credential


def member_of_headers(headers: list[tuple[bytes, bytes]]) -> Credential | None:
    """Whose the cookie is in the headers of a WebSocket handshake, read as Django reads them."""
    cookies = b"; ".join(value for name, value in headers if name == b"cookie")
    return member_of_cookie(parse_cookie(cookies.decode("latin1")).get(COOKIE))


def member_of_request(request: HttpRequest) -> Credential | None:
    """Whose the cookie is that came with a request."""
    return member_of_cookie(request.COOKIES.get(COOKIE))


def token_of_request(request: HttpRequest) -> str | None:
    """The token in the header `Authorization`, unchecked."""
    header = request.headers.get("Authorization", "")
    return header.removeprefix(SCHEME) if header.startswith(SCHEME) else None


def remember(request: HttpRequest, response: HttpResponse) -> str:
    """Set the cookies, anew each time so that they don't age; returns the member id."""
    known = member_of_cookie(request.COOKIES.get(COOKIE))
    credential = known or Credential(new_member_id(), 0)
    set_cookies(response, credential)
    return credential.member_id


def set_cookies(response: HttpResponse, credential: Credential) -> None:
    """Let the browser be this member from now on."""
    set_cookie = partial(
        response.set_cookie, max_age=AGE, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
    set_cookie(COOKIE, _cookies.sign(str(credential)), httponly=True)
    set_cookie(PUBLIC_COOKIE, credential.member_id)
