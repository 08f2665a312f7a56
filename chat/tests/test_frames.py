"""Frames as they come over a real socket: in pieces, in heaps, and wrong."""

import json
import random
import re

import pytest
from websockets.frames import Frame, Opcode

from chat.tests.support.people import raw_join

pytestmark = pytest.mark.stack("embedded")  # no database has a part in it


def text_frame(text: str, **changes) -> bytes:
    return Frame(**{"opcode": Opcode.TEXT, "data": text.encode(), **changes}).serialize(mask=True)


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
