"""Clients that hurt: they are closed, and nobody else notices."""

import time

import pytest

from chat.tests.faults.rude import Rude
from chat.tests.support import eventually

pytestmark = pytest.mark.stack("embedded")  # it is one process that must bear them
PROMPT = 2.0  # seconds in which the others are answered meanwhile
LARGE = 3500  # characters
MEMORY = 40_000  # kB that a process may grow by: the ring and the buffers, but not for ever


@pytest.fixture
def intrude():
    """Factory: `intrude(site)`: a rude client, in the room."""
    present: list[Rude] = []

    def intrude(site) -> Rude:
        present.append(Rude(site))
        return present[-1]

    yield intrude
    for rude in present:
        rude.drops()


def test_a_client_that_stops_reading_is_cut_even_if_it_keeps_sending(
    make_site, gather, fault, intrude
):
    site = make_site()
    crowd = gather(site)
    with fault("a client stops reading", "others nothing; it is closed", crowd) as clock:
        crowd.talks(pace=0.01, size=LARGE)
        crowd.gets_on(50)  # the ring and the buffers of the others are as large as they get
        before, begun = site.processes[0].memory(), time.monotonic()
        clock.starts()
        silent, noisy = intrude(site), intrude(site)
        noisy.keeps_sending({"type": "ping", "seq": 0})
        eventually(lambda: not silent.is_connected() and not noisy.is_connected(), 30)
        grown = site.processes[0].memory() - before
        print(f"closed after {time.monotonic() - begun:.1f} s, {grown} kB more")
        assert grown < MEMORY
        clock.meanwhile = max(crowd.waits_since(begun))
        assert clock.meanwhile < PROMPT
    assert not crowd.byes, "somebody else was closed, too"


def test_a_client_that_floods_is_cut_after_ten_seconds(make_site, gather, fault, intrude):
    site = make_site()
    crowd = gather(site)
    with fault("a client floods", "others nothing; it is closed", crowd) as clock:
        begun, flood = time.monotonic(), intrude(site)
        flood.keeps_sending({"type": "post", "nonce": "flooding-1", "text": "x" * 1000})
        frames = flood.reads_on(30)
        clock.meanwhile = max(crowd.waits_since(begun))
        assert clock.meanwhile < PROMPT
    assert frames[-1]["type"] == "bye", frames[-1]
    assert frames[-1]["code"] == "flood"
    assert flood.close_code == 4029


def test_a_client_that_is_gone_without_a_word_is_cut(make_site, gather, fault, intrude, length):
    options = length(short=["--ping-interval", "1", "--ping-timeout", "2"], full=[])
    site = make_site(options=options)
    crowd = gather(site)
    with fault("a half-open client", "others nothing; it is closed", crowd) as clock:
        gone = intrude(site)
        clock.starts()
        eventually(lambda: not gone.is_connected(), length(short=6, full=60))
