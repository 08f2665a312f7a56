"""A socket that is not read, one that is never silent, and the end of a process. Real ones."""

import contextlib
import json
import os
import re
import signal
import socket
import struct
import threading
import time
from http.client import HTTPConnection
from pathlib import Path

import pytest

from chat.tests.support import eventually
from chat.tests.support.people import Person

MIB = 1024 * 1024


def resident(pid: int) -> int:
    """Bytes of memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


def raw_join(site) -> socket.socket:
    """A socket with a small receive buffer, shaken hands and joined, that nobody reads."""
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
    link.connect(("127.0.0.1", site.processes[0].port))
    link.sendall(
        b"GET /ws/chat/ HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade"
        b"\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += link.recv(1)
    assert b" 101 " in answer
    send_frame(link, {"type": "join"})
    return link


def encoded(data: str) -> bytes:
    """A masked text frame; the mask changes nothing."""
    assert len(data) < 126
    return bytes([0x81, 0x80 | len(data), 0, 0, 0, 0]) + data.encode()


def send_frame(link: socket.socket, frame: dict) -> None:
    link.sendall(encoded(json.dumps(frame)))


def is_cut(link: socket.socket) -> bool:
    """Whether the connection is gone, found out without reading."""
    try:
        send_frame(link, {"type": "ping", "seq": 0})
    except OSError:
        return True
    return False


def everything(link: socket.socket) -> bytes:
    """What can still be read of a connection."""
    data = bytearray()
    with contextlib.suppress(OSError):
        while chunk := link.recv(65536):
            data += chunk
    return bytes(data)


# --- outward -------------------------------------------------------------------------------------
def test_who_stops_reading_is_cut_though_it_goes_on_sending_and_others_are_not_harmed(
    make_site, join
):
    site = make_site(processes=1)
    ada, bob = join(site, "Ada"), join(site, "Bob")
    deaf = raw_join(site)
    before = resident(site.processes[0].pid)
    sent = 0
    while not is_cut(deaf):
        ada.says("x" * 4000)
        sent += 4000
        assert sent < 4 * MIB, "1 MiB unread, and what the system buffers"
    assert sent > MIB
    assert resident(site.processes[0].pid) - before < 20 * MIB
    assert len(bob.heard) <= len(ada.heard)
    bob.hears("x" * 4000)
    ada.says("still here")
    bob.hears("still here")


def test_a_resume_of_megabytes_is_no_reason_to_be_cut(make_site, join):
    site = make_site(processes=1)
    ada = join(site, "Ada")
    first = ada.says("first")
    for _ in range(400):
        ada.posts("é" * 4000)
    ada.says("last")
    eve = Person(site)
    eve.joins("Eve", {"epoch": ada.epoch, "seq": first})
    eve.hears("last")  # 3.2 MB, in the end
    assert len(eve.heard) == 401
    eve.drops()


# --- inward --------------------------------------------------------------------------------------
def test_who_sends_without_end_is_sent_away_and_others_are_heard_meanwhile(make_site, join):
    site = make_site(processes=1)
    ada, bob = join(site, "Ada"), join(site, "Bob")
    flood = raw_join(site)
    answers = []
    threading.Thread(target=lambda: answers.append(everything(flood))).start()

    def send_without_end():
        with contextlib.suppress(OSError):
            while True:
                flood.sendall(encoded("{") * 10_000)

    sending = threading.Thread(target=send_without_end)
    began = time.monotonic()
    sending.start()
    while sending.is_alive():
        ada.says("hello")
        bob.hears("hello")
        assert time.monotonic() < began + 30
    assert time.monotonic() > began + 9
    (answer,) = eventually(lambda: answers)
    assert b'"type":"bye","code":"flood"' in answer
    assert struct.pack("!H", 4029) in answer


def test_a_burst_of_frames_is_answered_in_full(make_site, join):
    site = make_site(processes=1)
    ada = join(site, "Ada")
    for number in range(10_000):
        ada.sends(f'{{"type":"?{number}"}}')
    eventually(lambda: ada.gets("error", **{"for": "?9999"}))
    assert len([frame for frame in ada.frames if frame["type"] == "error"]) == 10_000


# --- the end of a process ------------------------------------------------------------------------
def test_a_process_that_ends_says_when_to_come_back_and_keeps_what_it_was_given(make_site, join):
    site = make_site(CHAT_POST_RATE="", processes=1)
    people = [join(site, f"Person {number}") for number in range(5)]
    nonces = {person: [person.posts(f"{n}") for n in range(20)] for person in people}
    os.kill(site.processes[0].pid, signal.SIGTERM)
    began = time.monotonic()
    for person in people:
        assert person.is_closed() == 4012
        bye = person.frames[-1]
        assert (bye["type"], bye["code"]) == ("bye", "restart")
        assert 0 < bye["retry_after"] <= 5
    site.processes[0].process.wait(10)
    assert time.monotonic() < began + 5
    stored = {row["nonce"]: row["seq"] for row in site.messages()}
    for person in people:
        answers = [frame for frame in person.frames if frame["type"] == "accepted"]
        assert {frame["nonce"]: frame["seq"] for frame in answers}.items() <= stored.items()
        assert {frame["nonce"] for frame in answers} <= set(nonces[person])
    assert len({bye["retry_after"] for bye in (p.frames[-1] for p in people)}) > 1, "spread"


def test_a_process_that_ends_takes_no_new_connection_and_answers_those_it_has(make_site, join):
    site = make_site(processes=1)
    join(site, "Ada").says("hello")
    waiting = HTTPConnection("127.0.0.1", site.processes[0].port, timeout=20)
    waiting.request("GET", "/api/messages?after=1&wait=25")
    quiet = raw_join(site)  # never answers the close frame
    os.kill(site.processes[0].pid, signal.SIGTERM)
    answer = waiting.getresponse()
    assert answer.status in (200, 503)
    with pytest.raises(OSError):  # noqa: PT011 - refused, or reset while it was queued
        Person(site)
    site.processes[0].process.wait(10)
    quiet.close()


@pytest.mark.stack("scaled")
def test_a_database_that_hangs_can_not_keep_a_process_from_ending(make_site, join):
    site = make_site(processes=1)
    ada = join(site, "Ada")
    site.postgres.pause()
    try:
        nonce = ada.posts("into the frost")
        began = time.monotonic()
        os.kill(site.processes[0].pid, signal.SIGTERM)
        site.processes[0].process.wait(10)
        assert time.monotonic() < began + 10
    finally:
        site.postgres.resume()
    assert not [frame for frame in ada.frames if frame.get("nonce") == nonce]
