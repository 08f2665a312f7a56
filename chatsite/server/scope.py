"""A WebSocket's request as ASGI describes it. Pure."""

from typing import Any
from urllib.parse import unquote

from twisted.internet.address import IPv4Address, IPv6Address

from chatsite.server.asgi import Message


def described(request: Any, root_path: str) -> Message:
    """Of Twisted's request. Raises `UnicodeDecodeError` where its address is no ASCII."""
    return {
        "type": "websocket",
        "path": unquote(request.path.decode("ascii")),
        "raw_path": request.path,
        "root_path": root_path,
        "headers": [
            (name.lower(), value)
            for name, values in request.requestHeaders.getAllRawHeaders()
            if b"_"
            not in name  # where `_` is as good as `-`, it could pass for one (CVE-2015-0219)
            for value in values
        ],
        "query_string": _ascii(request.uri.partition(b"?")[2]),
        "client": _address(request.client),
        "server": _address(request.host),
        "subprotocols": [],
    }


def _ascii(text: bytes) -> bytes:
    text.decode("ascii")
    return text


def _address(address: object) -> list[str | int] | None:
    """Host and port; None where it has none, as a Unix socket."""
    return [address.host, address.port] if isinstance(address, IPv4Address | IPv6Address) else None
