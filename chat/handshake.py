"""Who may open a socket: pages of our own host, those in CHAT_ORIGINS, and what is no page."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host

DEFAULT_PORTS = {"http": 80, "https": 443}


def same_origin(scope: dict) -> bool:
    """Whether the request's `Origin` is that of the host it was sent to.

    A request without `Origin` comes from no browser, and is as good as one with the right one.
    """
    headers = dict(scope["headers"])
    if b"origin" not in headers:
        return True
    origin = headers[b"origin"].decode("latin1").lower()
    if origin in settings.CHAT_ORIGINS:
        return True
    try:
        page = urlsplit(origin)
        port = DEFAULT_PORTS[page.scheme]
        here = urlsplit(f"//{headers[b'host'].decode('latin1').lower()}")
        same = (page.hostname, page.port or port) == (here.hostname, here.port or port)
    except (KeyError, ValueError):
        return False
    # A name that an attacker's DNS points here names this host, too, and is no host of ours.
    hosts = settings.ALLOWED_HOSTS
    return same and here.hostname is not None and validate_host(here.hostname, hosts)


async def deny(scope: dict, send: Callable[[dict], Awaitable[None]], status: int) -> None:
    """Refuse a handshake, with `status` where the server can say it (ASGI's Denial Response)."""
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.http.response.start", "status": status, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b""})
