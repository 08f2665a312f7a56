"""A WebSocket's request as ASGI describes it. Pure."""

from urllib.parse import unquote

from twisted.internet.address import IPv4Address, IPv6Address
from websockets.http11 import Request

from chatsite.server.asgi import Message
from chatsite.server.transport import Transport


def described(request: Request, transport: Transport, root_path: str) -> Message:
    path, _, query = request.path.partition("?")
    return {
        "type": "websocket",
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "root_path": root_path,
        "headers": [
            (name.lower().encode("ascii"), value.encode("latin1"))
            for name, value in request.headers.raw_items()
            if "_" not in name  # where `_` is as good as `-`, it could pass for one (CVE-2015-0219)
        ],
        "query_string": query.encode("ascii"),
        "client": _address(transport.getPeer()),
        "server": _address(transport.getHost()),
        "subprotocols": [],
    }


def _address(address: object) -> list[str | int] | None:
    """Host and port; None where it has none, as a Unix socket."""
    return [address.host, address.port] if isinstance(address, IPv4Address | IPv6Address) else None
