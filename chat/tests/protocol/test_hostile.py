"""Texts and names that are made to take long: each takes about as long as a plain one."""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import product
from time import thread_time
from types import FrameType
from typing import Any

import pytest

from chat.protocol import links, names, text
from chat.templatetags import room

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough

PARTS = [
    *"a . a.de / ? # * ~~ @ https:// ( ) [ 's ' _ - : 1 & < ß 中 дом é 가 ﷺ 👩".split(),
    *("\u1100", "\u0301", "\u20dd", "\ufe0f", "\u200d", " ", "\n"),
]
PLAIN = "Héllo, see https://exämple.org/a (or exämple.org): "
HOSTS = "https://" + "中" * 30 + ".de "
# Today's worst takes some ten times as long as a plain one. A fault of this kind took 300 times as
# long, and more the longer the text.
BOUND = 20


def hostile(length: int) -> Iterator[str]:
    for one, other in product(PARTS, ["", *PARTS]):
        yield ("." + (one + other) * length)[:length]
    yield "https://" + "".join(map(chr, range(0x4E00, 0x4E00 + length)))[: length - 11] + ".de"
    yield (HOSTS * length)[:length]


def steps(work: Callable[[], Any]) -> int:
    """How many lines of Python it runs: the same number at each run."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    ("beginning", "part"),
    [
        (".", "a/*"),
        (".", "'s?"),
        ("https://a.de/", "'s?"),
        ("https://a.de/", "(a"),
        ("", "/'s"),
        ("", "a.de/)"),
        ("", "a.invalid/*"),
        ("", "a:70000/*"),
        ("", "a@/"),
        ("", "a.de~~"),
        (".", "中/"),
        ("", "httpſ://"),
    ],
)
def test_twice_the_text_takes_twice_the_steps(beginning, part):
    short, long = (beginning + (part * length)[:length] for length in (4_000, 8_000))
    assert steps(lambda: links.pieces(long)) <= 2.1 * steps(lambda: links.pieces(short)) + 100
    assert steps(lambda: links.pieces(short)) <= 20 * len(short)


def named(name: str) -> None:
    with suppress(names.NameInvalid):
        names.keys(names.check.__wrapped__(name))


def normalised(written: str) -> None:
    with suppress(text.TextInvalid):
        text.normalise(written)


WORK = {
    "links": (links.pieces, text.LENGTH),
    "the page": (room.linked.__wrapped__, text.LENGTH),
    "a post": (normalised, text.LENGTH),
    "a name": (named, 4 * names.LENGTH),
    "a short name": (named, names.LENGTH),
    "initials": (room.initials, names.LENGTH),
}


@pytest.mark.parametrize("what", WORK)
def test_no_text_takes_much_longer_than_a_plain_one(what):
    work, length = WORK[what]
    plain = max(least(work, (sample * length)[:length]) for sample in (PLAIN, "Ádä "))
    slow = [one for one in hostile(length) if least(work, one, BOUND * plain) > BOUND * plain]
    assert slow == []


def least(work: Callable[[str], Any], text: str, enough: float = 0.0) -> float:
    """The processor time of the quickest of five runs, or of the first that is quick `enough`."""
    quickest = float("inf")
    for _ in range(5):
        begun = thread_time()
        work(text)
        quickest = min(quickest, thread_time() - begun)
        if quickest <= enough:
            break
    return quickest
