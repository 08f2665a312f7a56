"""Who may open a socket: pages of our own host, those in CHAT_ORIGINS, and what is no page."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from chat.web.asgi import Message, Send

DEFAULT_PORTS = {"http": "80", "https": "443"}


def same_origin(scope: Message) -> bool:
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
        scheme, _, page = origin.partition("://")
        default = DEFAULT_PORTS[scheme]
        page_host, page_port = split_domain_port(page)
        host, port = split_domain_port(headers[b"host"].decode("latin1"))
    except KeyError:
        return False
    if settings.SECURE_SSL_REDIRECT and scheme != "https":
        return False
    if (page_host, page_port or default) != (host, port or default):
        return False
    # A name that an attacker's DNS points here names this host, too, and is no host of ours.
    return bool(host) and validate_host(host, settings.ALLOWED_HOSTS)


def names_origin(scope: Message) -> bool:
    """Whether its `Origin` is one at all, be it a wrong one."""
    origin = dict(scope["headers"])[b"origin"].decode("latin1").lower()
    try:
        page = urlsplit(origin)
        _ = page.port  # may be no number
    except ValueError:
        return False
    return origin == "null" or page.scheme == "file" or bool(page.scheme and page.hostname)


async def deny(scope: Message, send: Send, status: int) -> None:
    """Refuse a handshake, with `status` where the server can say it (ASGI's Denial Response)."""
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.http.response.start", "status": status, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b""})
