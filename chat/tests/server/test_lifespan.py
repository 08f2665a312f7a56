"""The application is told of its process's begin and end."""

import asyncio
import signal
import socket
import subprocess
import sys
from http.client import HTTPConnection

import pytest

from chat.relay.process import running_relay
from chat.tests.support import eventually
from chat.tests.support.servers import free_port
from chat.web.lifespan import lifespan
from chatsite.server.lifespan import Lifespan, StartupFailed

pytestmark = pytest.mark.stack("embedded")  # no database has a part in it


async def test_an_application_is_awaited_as_it_begins_and_ends():
    done = []

    async def application(scope, receive, send):
        assert scope["type"] == "lifespan"
        for happens in "startup", "shutdown":
            assert await receive() == {"type": f"lifespan.{happens}"}
            await asyncio.sleep(0)
            done.append(happens)
            await send({"type": f"lifespan.{happens}.complete"})

    told = Lifespan(application)
    await told.startup()
    assert done == ["startup"]
    await told.shutdown()
    assert done == ["startup", "shutdown"]


async def test_an_application_that_knows_of_no_lifespan_does_without():
    async def application(scope, receive, send):
        raise ValueError(scope["type"])

    told = Lifespan(application)
    await told.startup()
    await told.shutdown()


async def test_an_application_may_say_that_it_can_not_start():
    async def application(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no room"})

    with pytest.raises(StartupFailed, match="no room"):
        await Lifespan(application).startup()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("flushed")
async def test_the_relay_begins_and_ends_with_the_process():
    told = Lifespan(lifespan)
    assert running_relay() is None
    await told.startup()
    relay = running_relay()
    await relay.started()
    await told.shutdown()
    assert relay.ending


# A server whose application says what it sees, in place of the chat.
SERVER = """
import asyncio, socket, sys
import django
django.setup()
from daphne import cli

port, loops = int(sys.argv[1]), []

async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        loops.append(asyncio.get_running_loop())
        with socket.socket() as link:
            print("it listens already:", link.connect_ex(("127.0.0.1", port)) == 0, flush=True)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        print("the end", flush=True)
        await send({"type": "lifespan.shutdown.complete"})
    else:
        same = asyncio.get_running_loop() in loops
        await send({"type": "http.response.start", "status": 200 if same else 500, "headers": []})
        await send({"type": "http.response.body", "body": b""})

endpoints = [f"tcp:{port}:interface=127.0.0.1"]
cli.CommandLineInterface.server_class(application, endpoints, verbosity=0).run()
"""


def started(port: int) -> subprocess.Popen:
    command = [sys.executable, "-c", SERVER, str(port)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_process_that_can_not_listen_ends_at_once():
    """Nobody has been served, so there is nothing to bring to an end."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        process = started(other.getsockname()[1])
        said, _ = process.communicate(timeout=60)
    assert said.splitlines() == ["it listens already: True"]
    assert process.returncode == 1


def test_a_process_listens_when_its_application_has_started_and_ends_when_that_has_ended():
    port = free_port()
    process = started(port)

    def status() -> int | None:
        link = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            link.request("GET", "/")
            return link.getresponse().status
        except OSError:
            return None
        finally:
            link.close()

    try:
        eventually(lambda: status() == 200, 30)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    began, *_, ended = said.splitlines()
    assert (began, ended) == ("it listens already: False", "the end")
    assert process.returncode == 0
