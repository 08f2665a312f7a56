"""Frames that are read in one step, and those that are not, against another library's."""

import json
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from chat.tests.support.people import raw_join
from chatsite.frames import whole_text

pytestmark = pytest.mark.stack("embedded")  # no database has a part in it


def text_frame(text: str, **changes) -> bytes:
    return Frame(**{"opcode": Opcode.TEXT, "data": text.encode(), **changes}).serialize(mask=True)


@given(st.text() | st.integers(0, 70_000).map(lambda length: "é" * (length // 2)))
def test_a_whole_text_is_read_where_its_length_fits_into_two_bytes(text):
    read = whole_text(text_frame(text))
    assert read == (text if len(text.encode()) < 65536 else None)


@given(st.text(min_size=1, max_size=200), st.data())
def test_nothing_is_read_from_less_or_more_than_one_frame(text, data):
    frame = text_frame(text)
    assert whole_text(frame[: data.draw(st.integers(0, len(frame) - 1))]) is None
    assert whole_text(frame + data.draw(st.binary(min_size=1))) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"fin": False},
        *({"opcode": opcode} for opcode in Opcode if opcode != Opcode.TEXT),
    ],
    ids=str,
)
def test_nothing_is_read_from_another_kind_of_frame(changes):
    assert whole_text(text_frame("text", **changes)) is None


def test_nothing_is_read_from_what_breaks_the_rules():
    for payload in b"", b"x", b"text", b"x" * 200:
        unmasked = Frame(Opcode.TEXT, payload).serialize(mask=False)
        assert whole_text(unmasked) is None
    long_form = bytes([0x81, 0xFE, 0, 4, 0, 0, 0, 0]) + b"text"
    assert whole_text(long_form) is None
    compressed = bytes([0xC1]) + text_frame("text")[1:]
    assert whole_text(compressed) is None
    not_utf8 = text_frame("", data=b"\xff")
    assert whole_text(not_utf8) is None


@given(st.binary(max_size=300))
def test_whatever_comes_is_read_or_left(data):
    assert whole_text(data) is None or text_frame(whole_text(data))[:2] == data[:2]


# --- over a real socket --------------------------------------------------------------------------
def fragments(text: str) -> bytes:
    half = len(text) // 2
    begin = Frame(Opcode.TEXT, text[:half].encode(), fin=False).serialize(mask=True)
    ping = Frame(Opcode.PING, b"in between").serialize(mask=True)
    return begin + ping + Frame(Opcode.CONT, text[half:].encode()).serialize(mask=True)


@pytest.mark.parametrize("seed", range(3))
def test_frames_are_answered_in_order_however_they_come(site, seed):
    choose, link = random.Random(seed), raw_join(site)
    posts = [
        json.dumps({"type": "post", "nonce": f"nonce-{number:04}", "text": "é" * (number % 150)})
        for number in range(300)
    ]
    wire = b"".join(choose.choice([text_frame, text_frame, fragments])(post) for post in posts)
    while wire:
        size = choose.choice([1, 7, 100, 2000])
        link.sendall(wire[:size])
        wire = wire[size:]
    answered = b""
    while b"nonce-0299" not in answered:
        more = link.recv(65536)
        assert more, "closed"
        answered += more
    assert re.findall(rb"nonce-(\d{4})", answered) == [b"%04d" % number for number in range(300)]
    link.close()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (text_frame("", data=b"\xff"), 1007),
        (text_frame("x" * 16_385), 1009),
        (Frame(Opcode.TEXT, b"unmasked").serialize(mask=False), 1002),
    ],
    ids=["not UTF-8", "too long", "not masked"],
)
def test_a_wrong_frame_is_told_by_the_code_of_the_close(site, wrong, code):
    link = raw_join(site)
    link.sendall(text_frame('{"type":"ping","seq":0}') + wrong)
    answered = b""
    while more := link.recv(65536):
        answered += more
        close = answered.rfind(bytes([0x88]))
        if close >= 0 and code.to_bytes(2) == answered[close + 2 : close + 4]:
            break
    else:
        pytest.fail(f"no close with {code}")
    link.close()


def test_no_release_has_closed_the_quick_ways(site):
    link = raw_join(site)
    assert link.recv(1)  # it is open, and would have been told
    assert "slower" not in site.processes[0].tail()
    link.close()
