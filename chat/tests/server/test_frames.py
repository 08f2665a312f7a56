"""Handshakes and frames as they come over a real socket: in pieces, in heaps, and wrong."""

import json
import random
import re
import socket

import pytest
from websockets.frames import Frame, Opcode

from chat.tests.support.people import raw_join

pytestmark = pytest.mark.stack("embedded")  # no database has a part in it


END_OF_LINES = [b"\r", b"\x0b", b"\x0c", b"\x1c", b"\x1d", b"\x1e", b"\x00"]


def text_frame(text: str, **changes) -> bytes:
    return Frame(**{"opcode": Opcode.TEXT, "data": text.encode(), **changes}).serialize(mask=True)


def fragments(text: str, between: bytes = b"") -> bytes:
    half = len(text) // 2
    begin = Frame(Opcode.TEXT, text[:half].encode(), fin=False).serialize(mask=True)
    return begin + between + Frame(Opcode.CONT, text[half:].encode()).serialize(mask=True)


@pytest.mark.parametrize("seed", range(3))
def test_frames_are_answered_in_order_however_they_come(site, seed):
    choose, link = random.Random(seed), raw_join(site)
    posts = [
        json.dumps({"type": "post", "nonce": f"nonce-{number:04}", "text": "é" * (number % 150)})
        for number in range(300)
    ]
    ping = Frame(Opcode.PING, b"in between").serialize(mask=True)
    wire = fragments('{"type":"?"}', ping) * 10
    wire += b"".join(choose.choice([text_frame, text_frame, fragments])(post) for post in posts)
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


# --- handshakes ----------------------------------------------------------------------------------
def shake_hands(site, *headers: bytes, body: bytes = b"", until: bytes = b"\r\n\r\n") -> bytes:
    """The answer to a request for a socket, with these headers besides; at least to `until`."""
    link = socket.create_connection(("127.0.0.1", site.processes[0].port), 10)
    usual = [b"Host: 127.0.0.1", b"Upgrade: websocket", b"Connection: Upgrade"]
    usual += [b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", b"Sec-WebSocket-Version: 13"]
    link.sendall(b"\r\n".join([b"GET /ws/chat/ HTTP/1.1", *usual, *headers, b"", body]))
    answer = b""
    while until not in answer and (more := link.recv(65536)):
        answer += more
    link.close()
    return answer


@pytest.mark.parametrize(
    "header",
    [
        # What some parser would take for the end of a line must not make two headers of one,
        # wherever it is read next (CVE-2026-44546).
        *(b"X-A: a" + end + b"X-Forwarded-For: 203.0.113.9" for end in END_OF_LINES),
        *(b"X-A" + end + b"X-Forwarded-For: 203.0.113.9" for end in END_OF_LINES),
        b"X A: a",
        b"X-A : a",
        b"\xc3\xa9: a",
        b"Sec-WebSocket-Version: 8",
        b"Sec-WebSocket-Protocol: \xc3\xa9",
    ],
)
def test_a_forged_header_is_refused(site, header):
    assert shake_hands(site, header).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("count", [1, 100])
def test_frames_that_come_together_with_the_handshake_are_answered(site, count):
    posts = [
        json.dumps({"type": "post", "nonce": f"nonce-{number:04}", "text": "early"})
        for number in range(count)
    ]
    frames = b"".join(map(text_frame, ['{"type":"join"}', *posts]))
    answer = shake_hands(site, body=frames, until=b"nonce-%04d" % (count - 1))
    assert answer.startswith(b"HTTP/1.1 101 ")
    answered = re.findall(rb'"type":"(?:hello|rejected)"', answer)
    assert len(answered) == 1 + count


def test_frames_that_come_together_with_a_bad_handshake_are_nothing(site):
    frames = text_frame('{"type":"join"}')
    answer = shake_hands(site, b"Sec-WebSocket-Version: 8", body=frames)
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_a_handshake_has_no_body(site):
    refused = shake_hands(site, b"Content-Length: 5", body=b"hello")
    assert refused.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "headers",
    [
        [b"Cookie: a=" + b"x" * 12_000],
        [b"X-%d: y" % number for number in range(200)],
        ["Cookie: a=é".encode()],
        [b"Sec-WebSocket-Protocol: chat"],
        [b"Daphne-Root-Path: /elsewhere"],
    ],
    ids=["long", "many", "not ASCII", "subprotocol", "root path"],
)
def test_a_handshake_may_have_what_a_request_for_a_page_may_have(site, headers):
    assert shake_hands(site, *headers).startswith(b"HTTP/1.1 101 ")


def test_no_extension_is_agreed_on(site):
    answer = shake_hands(site, b"Sec-WebSocket-Extensions: permessage-deflate")
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert b"sec-websocket-extensions" not in answer.lower()
