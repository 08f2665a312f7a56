"""Descriptors that run out: who comes is turned away, what is here goes on, and the log says so."""

import asyncio
import contextlib
import json
import logging
import resource
import socket
from http.client import HTTPConnection

import pytest

from chat.tests.support import eventually
from chatsite.server import descriptors
from chatsite.server.descriptors import KEPT_BACK, Outage

pytestmark = pytest.mark.stack("embedded")  # no database has a part in it


def test_open_files_that_run_out_are_one_line_and_it_goes_on_when_some_are_closed(make_site, join):
    site = make_site(processes=1)
    process, ada = site.processes[0], join(site, "Ada")
    kept = HTTPConnection("127.0.0.1", process.port, timeout=10)
    eventually(lambda: asked(kept)["descriptors"] == "ok")
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (80, 80))
    for _ in range(2):
        with contextlib.ExitStack() as held:
            for _ in range(100):
                link = socket.create_connection(("127.0.0.1", process.port), 10)
                held.enter_context(contextlib.closing(link))
            eventually(lambda: asked(kept)["descriptors"] == "failing")
            assert link.recv(65536).startswith(b"HTTP/1.1 503 ")
            ada.says("those who are here talk on")
        eventually(lambda: asked(kept)["descriptors"] == "ok")
        assert site.request("/").status == 200
    assert process.log.read_text().count("turned away") == 1
    assert "Traceback" not in process.log.read_text()


def asked(connection: HTTPConnection) -> dict[str, str]:
    """What `/readyz` says to somebody who is connected."""
    connection.request("GET", "/readyz")
    return json.loads(connection.getresponse().read())


@pytest.mark.parametrize(("limit", "most"), [(1024, 1024 - KEPT_BACK), (80, 60)])
async def test_the_last_descriptors_are_kept_back(monkeypatch, limit, most):
    monkeypatch.setattr(descriptors, "_limit", lambda: limit)
    monkeypatch.setattr(descriptors, "outage", Outage())
    assert not descriptors.run_out(most - 1)
    assert not descriptors.short()
    assert descriptors.run_out(most)
    assert descriptors.short()


async def test_an_outage_is_a_line_at_its_begin_and_one_at_its_end(monkeypatch, caplog):
    monkeypatch.setattr(descriptors, "QUIET", 0.05)
    outage = Outage()
    with caplog.at_level(logging.INFO, descriptors.__name__):
        for _ in range(3):
            outage.turn_away("none are left")
        await asyncio.to_thread(eventually, lambda: len(caplog.messages) == 2)
    begin, end = caplog.messages
    assert "none are left" in begin
    assert end.endswith(": 3")
    assert not outage.is_now()
