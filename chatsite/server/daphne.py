"""Daphne, with a few overrides.

The usual commands start it, `daphne chatsite.asgi:application` and `manage.py runserver`:
`register`, called when the app is ready, makes it their server class. It adds the client's
address behind trusted proxies, connections and requests that are bounded (channel.py, request.py),
sockets as websocket.py has them, ASGI's lifespan, and an end that loses nothing. Under a stock
Daphne or another ASGI server the site works too, without these.
"""

import asyncio
import gc
import logging
import os
import sys
import threading
from collections.abc import Iterable
from typing import Any

from daphne import cli, server
from daphne.management.commands import runserver
from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.python.failure import Failure

from chatsite.server import descriptors
from chatsite.server.asgi import Application, Message, Receive, Send
from chatsite.server.channel import Channel
from chatsite.server.concurrency import Concurrency
from chatsite.server.door import Door, address
from chatsite.server.forwarded import client_address
from chatsite.server.lifespan import Lifespan, StartupFailed
from chatsite.server.refusing import Refusing
from chatsite.server.request import Request
from chatsite.server.terms import Terms
from chatsite.server.transport import Transport

DAPHNES_PING = 20  # seconds of silence after which it pings, where nobody says otherwise
PING = 25  # for us: pages ping by themselves before that. Who is silent for 60 is aborted
# Seconds that a thread which works keeps the interpreter to itself. Each byte that the loop sends
# gives it away: with the usual 5 ms beside a page of the admin, ten people hear 50 ms later.
SWITCH = 0.0005
BACKLOG = 2048  # connections that wait to be accepted
LEAVE = 2.5  # seconds that sockets and requests have to end
AT_MOST = 9.0  # seconds that the end may take; whoever sent SIGTERM kills after 10
logger = logging.getLogger(__name__)


class Server(server.Server):
    """Takes Daphne's arguments; some bounds are the application's, not for the caller to set."""

    terms: Terms
    bodies = 0  # bytes of requests that are here and not answered
    application: Application  # these two are Daphne's
    endpoints: list[str]

    def __init__(self, *args: Any, **options: Any) -> None:
        options |= {
            # They take the leftmost address, which anyone can forge; CHAT_TRUSTED_HOPS does not.
            "proxy_forwarded_address_header": None,
            "proxy_forwarded_port_header": None,
            "proxy_forwarded_proto_header": None,
        }
        if options.get("ping_interval", DAPHNES_PING) == DAPHNES_PING:
            options["ping_interval"] = PING
        self._ready = options.pop("ready_callable", None)
        self._ports: list[Any] = []
        super().__init__(*args, ready_callable=self._prepare, **options)
        self._lifespan = Lifespan(self.application)
        self.application = self._counted(self.application)
        # Twisted's 50 are too few when a thousand come back at once.
        self.endpoints = [
            f"{endpoint}:backlog={BACKLOG}" if endpoint.startswith("tcp:") else endpoint
            for endpoint in self.endpoints
        ]

    def run(self) -> None:
        sys.setswitchinterval(SWITCH)
        self.terms.begins()
        try:
            server.twisted_loop.run_until_complete(self._lifespan.startup())
        except StartupFailed as failed:
            logger.critical("the application can't start: %s", failed)
            sys.exit(1)
        try:
            super().run()
        finally:  # it has ended long since, but where there was nothing to listen on
            server.twisted_loop.run_until_complete(self._lifespan.shutdown())

    def _prepare(self) -> None:
        """Called once the factories are made, before the first connection."""
        descriptors.raise_limit()
        descriptors.watch()
        _spare_what_stays()
        self.door, self.concurrency = Door(self.terms), Concurrency(self.terms)
        self.refusing = Refusing()
        self.http_factory.protocol = Channel
        self.http_factory.acceptableProtocols = lambda: [b"http/1.1"]
        stock = self.http_factory.buildProtocol

        def build(peer: object) -> Any:
            channel = stock(peer)
            channel.requestFactory = Request
            return channel

        self.http_factory.buildProtocol = build
        self.terms.listens()
        if self._ready:
            self._ready()

    def listen_error(self, failure: Failure) -> None:
        self.terms.is_deaf(failure.value)
        super().listen_error(failure)

    def listen_success(self, port: Any) -> None:
        self._ports.append(port)
        super().listen_success(port)

    def kill_all_applications(self) -> "Deferred[None]":
        """Called at SIGTERM and Ctrl-C; the process ends when the result fires.

        Or when the time is up, whatever hangs: what is unanswered then is sent again.
        """
        end = threading.Timer(AT_MOST, os._exit, [1])
        end.daemon = True
        end.start()
        return Deferred.fromFuture(asyncio.ensure_future(self._end()))

    async def _end(self) -> None:
        """Take nobody new, say `bye`, store what waits, let everybody leave."""
        closed = gatherResults([maybeDeferred(port.stopListening) for port in self._ports])
        await closed.asFuture(asyncio.get_running_loop())
        await self.terms.farewell()
        instances = {
            details["application_instance"]
            for details in self.connections.values()
            if "application_instance" in details
        }
        if instances:
            _, late = await asyncio.wait(instances, timeout=LEAVE)
            for instance in late:
                instance.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._lifespan.shutdown()

    # --- whose request, and how its answer goes out ----------------------------------------------
    def address(self, peer: str | None, forwarded: Iterable[bytes]) -> str | None:
        """The client's, of a request that came from `peer` with these X-Forwarded-For."""
        told = [value.decode("latin1") for value in forwarded]
        return client_address(peer, told, self.terms.trusted_hops)

    def create_application(self, protocol: Any, scope: Message) -> Any:
        peer = (scope.get("client") or [None])[0]
        forwarded = (value for name, value in scope["headers"] if name == b"x-forwarded-for")
        client = self.address(peer, forwarded)
        scope["client"] = [client, 0] if client else None
        scope["extensions"] = {self.terms.extension: protocol}
        if scope["type"] == "websocket":
            scope["extensions"]["websocket.http.response"] = {}
        return super().create_application(protocol, scope)

    def _counted(self, application: Application) -> Application:
        """Lets a socket know of each frame that the application has taken."""

        async def run(scope: Message, receive: Receive, send: Send) -> None:
            if scope["type"] == "websocket":
                receive = scope["extensions"][self.terms.extension].counted(receive)
            await application(scope, receive, send)

        return run

    async def handle_reply(self, protocol: Any, message: Message) -> None:
        """The application's: it waits with the next piece of an answer until there is room."""
        await super().handle_reply(protocol, message)
        if message["type"] == "http.response.body":
            await protocol.flushed()

    def cut(self, transport: Transport, why: str) -> None:
        """End a connection at once."""
        self.terms.refused(address(transport), why)
        transport.abortConnection()


def _spare_what_stays() -> None:
    """Let the garbage collector pass over all that was imported: 60 ms, each time."""
    gc.collect()
    gc.freeze()


def register(terms: Terms) -> None:
    """Make it the server of the commands `daphne` and `runserver`, on these terms."""
    chosen = type("ServerOnTerms", (Server,), {"terms": terms})
    cli.CommandLineInterface.server_class = chosen
    runserver.Command.server_cls = chosen
