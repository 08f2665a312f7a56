"""Much at once, either way, and the end of a process. Who floods or is deaf is in faults/."""

import json
import os
import signal
import time
from http.client import HTTPConnection

import pytest
from websockets.exceptions import InvalidStatus

from chat.tests.faults.rude import Rude
from chat.tests.support import eventually
from chat.tests.support.people import Person, raw_join
from chatsite.server.daphne import Server
from chatsite.server.writing import LINGER


def say_many(person: Person, text: str, *, waves: int, at_once: int) -> None:
    """Not all at once: megabytes come back, and she may be too slow to read them herself."""
    for _ in range(waves):
        for nonce in [person.posts(text) for _ in range(at_once)]:
            person.is_accepted(nonce)


# --- outward -------------------------------------------------------------------------------------
def test_a_resume_of_megabytes_is_no_reason_to_be_cut(make_site, join):
    site = make_site(processes=1)
    ada = join(site, "Ada")
    first = ada.says("first")
    say_many(ada, "é" * 4000, waves=10, at_once=40)
    ada.says("last")
    eve = Person(site)
    eve.joins("Eve", {"epoch": ada.epoch, "seq": first})
    eve.hears("last")  # 3.2 MB, in the end
    assert len(eve.heard) == 401
    eve.drops()


def test_who_says_goodbye_and_does_not_read_the_rest_is_cut(make_site, join):
    site = make_site(processes=1, CHAT_POST_RATE="")
    ada, rude = join(site, "Ada"), Rude(site)
    say_many(ada, "x" * 4000, waves=25, at_once=10)
    ada.catches_up()  # so it was written to all: 1 MB, of which the system takes less than half
    rude.closes()
    eventually(lambda: not rude.is_connected(), LINGER + 5)
    rude.drops()
    ada.says("still here")


# --- inward --------------------------------------------------------------------------------------
def test_a_burst_of_frames_is_answered_in_full(make_site, join):
    site = make_site(processes=1)
    ada = join(site, "Ada")
    for number in range(10_000):
        ada.sends(f'{{"type":"?{number}"}}')
    answers = {json.loads(ada.socket.recv(10)).get("for") for _ in range(10_000)}
    assert answers >= {f"?{number}" for number in range(9_990)}, "but for a tick or two"


# --- what is over --------------------------------------------------------------------------------
# Daphne without Python's garbage collector: says, when asked, which of a socket's objects it has.
COUNTING = """
import gc, signal, sys
from daphne import cli

def count(*_):
    kinds = [type(thing).__name__ for thing in gc.get_objects()]
    names = "WebSocket", "Protocol", "ChatConsumer", "Tab", "Channel"
    print("there are", *(kinds.count(name) for name in names), file=sys.stderr)

gc.disable()
signal.signal(signal.SIGUSR1, count)
cli.CommandLineInterface.entrypoint()
"""


def test_nothing_is_left_of_a_socket_that_is_over_for_the_garbage_collector(make_site, join):
    site = make_site(program=("-c", COUNTING), processes=1, CHAT_SOCKETS_PER_ADDRESS="3")
    server = site.processes[0]

    def there_are() -> str:
        said = server.log.read_text().count("there are")
        os.kill(server.pid, signal.SIGUSR1)
        eventually(lambda: server.log.read_text().count("there are") > said)
        return server.log.read_text().rpartition("there are ")[2].strip()

    ada, bob, eve = (join(site, name) for name in ("Ada", "Bob", "Eve"))
    eventually(lambda: there_are() == "3 3 3 3 0")
    ada.says("hello")
    bob.sends("?")
    bob.gets("error")
    with pytest.raises(InvalidStatus):
        Person(site)  # one too many
    with pytest.raises(InvalidStatus):
        Person(site, origin="http://evil.example")
    for wrong in {"Sec-WebSocket-Version": "8"}, {"Sec-WebSocket-Key": "?"}:
        with pytest.raises(InvalidStatus):
            Person(site, headers=wrong)
    eventually(lambda: there_are() == "3 3 3 3 0")
    ada.leaves()
    bob.drops()
    eve.sends(b"x" * 100_000)  # too large: it is closed
    assert eve.is_closed() == 1009
    eventually(lambda: there_are() == "0 0 0 0 0")


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


def test_a_page_that_pings_by_itself_is_not_pinged_besides():
    ours, theirs = {"application": None, "endpoints": ["tcp:0"]}, {"ping_interval": 1}
    assert Server(**ours).ping_interval >= 25
    assert Server(**ours, **theirs).ping_interval == 1
