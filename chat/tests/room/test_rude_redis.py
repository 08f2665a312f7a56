"""Somebody else reaches the Redis: what they publish shows nobody anything, and stops nobody."""

import os
import threading
import time

import msgpack
import pytest
import redis

from chat.relay.seal import ENVELOPE, Sealer, keys_of
from chat.tests.support import eventually

pytestmark = pytest.mark.stack("scaled")

GROUP = "asgi__group__room"
FORGED = "never stored"
AGAIN = b"so far"


class Rude:
    """Publishes to the room's own channel, again and again, until it is left."""

    def __init__(self, site):
        self.link = redis.Redis.from_url(site.redis.url)
        self.overheard: list[bytes] = []
        self.rounds = 0
        self._words = [*forged(site), *garbage()]
        self._listener = self.link.pubsub(ignore_subscribe_messages=True)
        self._listener.subscribe(GROUP)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._publish)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._over.set()
        self._thread.join()
        self.link.close()

    def _publish(self) -> None:
        while not self._over.is_set():
            for word in [*self._words, *self.overheard[-50:], AGAIN]:
                self.link.publish(GROUP, word)
            self.rounds += 1
            while heard := self._listener.get_message(timeout=10):
                if heard["data"] == AGAIN:
                    break
                if heard["data"] not in self._words and heard["data"] not in self.overheard:
                    self.overheard.append(heard["data"])


def forged(site) -> list[bytes]:
    """Hints as the release before sent them, and as a process with another secret seals them."""
    (log,) = site.sql("SELECT epoch, seq FROM chat_log")
    text = f'{{"seq":1,"rev":1,"by":"x","name":"Eve","text":"{FORGED}","at":"","nonce":"x"}}'
    hints = [{"type": "look"}, {"type": "you", "id": "x"}, {"type": "echo"}, {}, {"type": []}]
    for start in range(log["seq"], log["seq"] + 50):
        for epoch in (log["epoch"], "another"):
            events = [(start, start, True, text)]
            fields = {"epoch": epoch, "start": start, "end": start, "events": events}
            hints.append({"type": "batch", "process": "x", **fields})
    names = {f"{number}": f"Forged {number}" for number in range(300)}
    who = {"names": names, "gone": [], "whole": True, "asks": True}
    hints.append({"type": "presence", "process": "x", **who})
    plain = [msgpack.packb(hint) for hint in hints]
    other = Sealer(keys_of([b"another secret"])[0], b"stranger")
    return [*plain, *map(other.seal, plain)]


def garbage() -> list[bytes]:
    nested = b"\x91" * 100_000  # a list in a list in a list
    vast = b"\xdd\xff\xff\xff\xff"  # a list of four thousand million
    words = [b"", b"0", b"null", b"\xc1", b"\xc0", nested, vast, os.urandom(100), b"x" * 2_000_000]
    return [*words, *(ENVELOPE + word for word in words)]


def test_the_room_sees_nothing_of_it_and_goes_on_at_full_pace(make_site, join):
    site = make_site()
    ada, bob = join(site, "Ada"), join(site, "Bob", process=1)
    ada.says("before")
    bob.hears("before")
    epoch = site.sql("SELECT epoch FROM chat_log")
    with Rude(site) as rude:
        begun = time.monotonic()
        talk(ada, bob, 60)
        # Without hints each would wait for a look at the counter, that is for up to 2 s.
        assert time.monotonic() - begun < 45
        eventually(lambda: rude.rounds >= 2, 60)
        talk(ada, bob, 2)
    assert site.sql("SELECT epoch FROM chat_log") == epoch
    assert rude.overheard, "nothing was replayed"
    for person in (ada, bob):
        person.catches_up()
        assert FORGED not in str(person.frames)
        assert not [frame for frame in person.frames if frame["type"] == "bye"]
        assert max(frame.get("count", 0) for frame in person.frames) <= 2, "forged people"
    for process in site.processes:
        log = process.log.read_text()
        assert log.count("hints that can't be believed") in (1, 2), "a line a minute"
        assert "can't be reached" not in log, "the channel layer was given up"
        assert "Traceback" not in log


def talk(ada, bob, count: int) -> None:
    """So many messages each, each an answer to the one before."""
    for number in range(count):
        ada.says(f"ask {number}")
        bob.hears(f"ask {number}")
        bob.says(f"answer {number}")
        ada.hears(f"answer {number}")


def test_processes_with_different_keys_stay_correct(make_site, join):
    site = make_site(processes=1)
    ada = join(site, "Ada")
    site.processes[0].env["SECRET_KEY"] = "another secret " * 5
    other = type(site.processes[0])(site.processes[0].folder, site.processes[0].env, name="other")
    site.processes.append(other)
    other.start()
    bob = join(site, "Bob", process=1)
    talk(ada, bob, 3)
    ada.catches_up()
    texts = [message["text"] for message in ada.heard]
    assert texts == [row["text"] for row in site.messages()]
