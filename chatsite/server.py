"""Daphne, made fit for the open internet.

The usual commands start it, `daphne chatsite.asgi:application` and `manage.py runserver`:
`register`, called when the app is ready, makes it their server class. It adds the client's
address behind trusted proxies, bounds on frames and bodies, a status for refused handshakes, and
a way to write a frame without a coroutine. Under a stock Daphne or another ASGI server the site
works too, without these.
"""

import asyncio
import logging
import resource
from functools import lru_cache
from http import HTTPStatus

from autobahn.websocket.protocol import PreparedMessage
from autobahn.websocket.types import ConnectionDeny
from daphne import cli, http_protocol, server, ws_protocol
from daphne.management.commands import runserver
from django.conf import settings
from twisted.internet.defer import Deferred

from chat import outlet, protocol
from chat.relay import running_relay
from chatsite.forwarded import client_address

BODY_BYTES = 256 * 1024  # the largest form of the admin is far smaller
logger = logging.getLogger(__name__)


class Server(server.Server):
    """Takes Daphne's arguments; some bounds are the protocol's, and not for the caller to set."""

    def __init__(self, *args, **options):
        options |= {
            "websocket_max_message_size": protocol.LIMITS["frame"],
            "websocket_max_frame_size": protocol.LIMITS["frame"],
            # They take the leftmost address, which anyone can forge; CHAT_TRUSTED_HOPS does not.
            "proxy_forwarded_address_header": None,
            "proxy_forwarded_port_header": None,
            "proxy_forwarded_proto_header": None,
        }
        self._ready = options.pop("ready_callable", None)
        super().__init__(*args, ready_callable=self._prepare, **options)

    def _prepare(self):
        """Called once the factories are made, before the first connection."""
        _raise_open_files_limit()
        self.ws_factory.protocol = WebSocket
        # Say why (1009, 1007) before the socket closes, instead of cutting it.
        self.ws_factory.failByDrop = False
        stock = self.http_factory.buildProtocol

        def build(address):
            channel = stock(address)
            channel.requestFactory = Request
            return channel

        self.http_factory.buildProtocol = build
        if self._ready:
            self._ready()

    def kill_all_applications(self):
        """Called at SIGTERM and Ctrl-C; the process ends when the result fires."""
        return Deferred.fromFuture(asyncio.ensure_future(self._end()))

    async def _end(self):
        if relay := running_relay():
            await relay.farewell()
        instances = [
            details["application_instance"]
            for details in self.connections.values()
            if "application_instance" in details
        ]
        for instance in instances:
            instance.cancel()
        await asyncio.gather(*instances, return_exceptions=True)
        if relay:
            await relay.stop()

    def create_application(self, protocol, scope):
        peer = (scope.get("client") or [None])[0]
        forwarded = [
            value.decode("latin1") for name, value in scope["headers"] if name == b"x-forwarded-for"
        ]
        address = client_address(peer, forwarded, settings.CHAT_TRUSTED_HOPS)
        scope["client"] = [address, 0] if address else None
        if scope["type"] == "websocket":
            scope["extensions"] = {
                "websocket.http.response": {},
                outlet.EXTENSION: protocol.write_text,
            }
        return super().create_application(protocol, scope)


class Request(http_protocol.WebRequest):
    """A request whose body is bounded while it comes in."""

    _received = 0
    _refused = False

    def gotLength(self, length):
        super().gotLength(length)
        if length and length > BODY_BYTES:
            self._refuse()

    def handleContentChunk(self, data):
        self._received += len(data)
        if self._received > BODY_BYTES:
            self._refuse()
        else:
            super().handleContentChunk(data)

    def process(self):
        self.requestHeaders.removeHeader(b"daphne-root-path")  # anyone can send it
        if not self._refused:
            return super().process()

    def _refuse(self):
        if self._refused:
            return
        self._refused = True
        channel = self.channel
        channel.transport.write(
            b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        channel.loseConnection()


class WebSocket(ws_protocol.WebSocketProtocol):
    """A socket that can be refused with a status, and written to at once."""

    def onConnect(self, request):
        if not request.headers.get("sec-websocket-protocol", "").isascii():
            raise ConnectionDeny(code=400, reason="Bad Request")
        return super().onConnect(request)

    def handle_reply(self, message):
        if message.get("type", "").startswith("websocket.http.response."):
            self._deny(message)
        else:
            super().handle_reply(message)

    def _deny(self, message):
        """Refuse the handshake (ASGI's Websocket Denial Response; the body is not sent)."""
        if message["type"] == "websocket.http.response.start":
            deferred = self.handshake_deferred
            del self.handshake_deferred
            status = HTTPStatus(message["status"])
            deferred.errback(ConnectionDeny(code=status.value, reason=status.phrase))
            self.server.protocol_disconnected(self)

    def write_text(self, text: str) -> None:
        """Send a text frame; nothing, where the socket is not open any more.

        Prepared, because a text that goes to all is then framed once, and because autobahn holds
        messages that it frames itself to the bound of those that come in.
        """
        if self.state == self.STATE_OPEN:
            self.sendPreparedMessage(_prepare(text))


@lru_cache(maxsize=4)
def _prepare(text: str) -> PreparedMessage:
    return PreparedMessage(text.encode(), isBinary=False, applyMask=False, doNotCompress=True)


def _raise_open_files_limit():
    """Each socket is an open file, and the usual limit is 1,024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (ValueError, OSError) as error:
        logger.warning("the limit of open files can't be raised: %s", error)


def register():
    """Make it the server of the commands `daphne` and `runserver`."""
    cli.CommandLineInterface.server_class = Server
    runserver.Command.server_cls = Server
