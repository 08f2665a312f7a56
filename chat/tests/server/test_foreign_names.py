"""What our server uses of other people's libraries beyond what they document."""

import ast
import inspect
import re

import pytest
from daphne import cli, http_protocol, server
from daphne.management.commands import runserver
from django.db.backends.postgresql.base import DatabaseWrapper
from twisted.internet.tcp import Connection
from twisted.web.http import HTTPChannel

from chat.tests.support.servers import ROOT

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough

# Daphne documents its commands, and no class of its own. Each name, and why it is used.
DAPHNE = {
    "run": "the application starts before it listens",
    "ready_callable": "the factories are there, and no connection yet",
    "listen_success": "a port, to be closed when the process is to end",
    "kill_all_applications": "called when the process is to end, which waits for its result",
    "create_application": "the scope gets the client's address and the way out",
    "application": "the application's `receive` is counted",
    "endpoints": "each gets a longer queue of connections to accept",
    "connections": "what must end before the process does",
    "application_instance": "the same: its task",
    "http_factory": "makes our requests",
    "protocol_connected": "a socket is looked at for time-outs",
    "protocol_disconnected": "and no more",
    "log_action": "the access log",
    "root_path": "an option of the command",
    "ping_interval": "an option of the command",
    "ping_timeout": "an option of the command",
    "websocket_connect_timeout": "an option of the command",
    "handle_reply": "the application has said something: its next piece waits for room",
    "handle_exception": "the same: it has broken",
    "check_timeouts": "the same: every two seconds",
}


@pytest.mark.parametrize("name", DAPHNE)
def test_daphnes_server_has_what_we_replace_or_ask(name):
    source = inspect.getsource(server.Server)
    assert re.search(rf"def {name}\(|\bself\.{name}\b|\"{name}\"|protocol\.{name}\(", source)


def test_daphnes_commands_read_which_server_to_start():
    assert issubclass(cli.CommandLineInterface.server_class, server.Server)
    assert issubclass(runserver.Command.server_cls, server.Server)


def test_daphne_runs_in_the_loop_that_it_makes():
    assert "run_until_complete" in dir(server.twisted_loop)


def test_a_request_hands_its_connection_to_a_socket():
    source = inspect.getsource(http_protocol.WebRequest.process)
    for line in (  # what Daphne does, and so do we
        "transport.wrappedProtocol = protocol",
        "transport.protocol = protocol",
        "protocol.makeConnection(transport)",
        "self.server.protocol_disconnected(self)",
        ".resumeProducing()",
    ):
        assert line in source


def test_twisteds_requests_are_bounded_while_they_come_in():
    channel = HTTPChannel()
    assert channel.requests == []  # the one cycle that a socket would leave
    for name in "gotLength", "handleContentChunk", "process", "clientproto":
        assert hasattr(channel.requestFactory, name)


# Twisted documents the class; of these it tells when they are called in their own texts only.
CHANNEL = {
    "allHeadersReceived": "a body may begin, and has its time",
    "allContentReceived": "a request is there, and its answer may take long",
    "requestDone": "the next may come",
    "resetTimeout": "a byte has come, which changes nothing",
    "setTimeout": "a deadline",
    "timeoutConnection": "it is over",
    "pauseProducing": "the system takes no more",
    "resumeProducing": "it does again",
    "writeSequence": "a piece of an answer that comes in pieces",
    "persistent": "whether another request may come",
}


@pytest.mark.parametrize("name", CHANNEL)
def test_twisteds_connection_has_what_we_replace_or_ask(name):
    assert hasattr(HTTPChannel, name)


def test_twisted_reads_as_much_at_once_as_its_transport_says():
    assert "self.socket.recv(self.bufferSize)" in inspect.getsource(Connection.doRead)


# Names that begin with an underscore: those that are documented, and those that have no other way.
DOCUMENTED = {"_exit", "_meta", "_state", "_base_manager"}  # of os, and of Django's models
PRIVATE = {
    "_connection_pools": "Django tells nobody which pools are open",
    "_csp_update": "what csp's decorator sets, which can't decorate an async view; web/test_http",
}


def test_of_private_names_only_these_are_used():
    used = set()
    for file in (*(ROOT / "chat").rglob("*.py"), *(ROOT / "chatsite").rglob("*.py")):
        if {"tests", "migrations"} & set(file.parts):
            continue
        tree = ast.parse(file.read_text())
        ours = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
        private = (
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and re.match(r"_[^_]", node.attr)
        )
        for node in private:
            if not (isinstance(node.value, ast.Name) and node.value.id in {"self", *ours}):
                used.add(node.attr)
    assert used - DOCUMENTED == set(PRIVATE)


def test_django_keeps_its_pools_by_alias():
    assert isinstance(DatabaseWrapper._connection_pools, dict)
