"""Whatever a stranger sends, the log has at most a line of it, and never a traceback."""

import random
import re
import socket

import pytest

from chat.tests.support import eventually

LINE = re.compile(r"(\S+Z )?(INFO|WARNING|ERROR) [\w.]+ ")
HOST = b"Host: localhost\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
HANDSHAKE = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def get(target: bytes, headers: bytes = b"") -> bytes:
    return b"GET %b HTTP/1.1\r\n%bConnection: close\r\n%b\r\n" % (target, HOST, headers)


def post(body: bytes, headers: bytes, target: bytes = b"/admin/login/") -> bytes:
    start = b"POST %b HTTP/1.1\r\n%bConnection: close\r\n" % (target, HOST)
    return start + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


def multipart(body: bytes, boundary: bytes = b"x") -> bytes:
    return post(body, b"Content-Type: multipart/form-data; boundary=%b\r\n" % boundary)


PART = b'--x\r\nContent-Disposition: form-data; name="a%d"%b\r\n\r\nb\r\n'
REQUESTS = {
    "1,001 fields": post(b"&".join(b"a%d=1" % n for n in range(1001)), FORM),
    "1,001 fields in the address": get(b"/?" + b"&".join(b"a%d=1" % n for n in range(1001))),
    "1,001 fields asked of the admin": get(b"/admin/login/?" + b"a=1&" * 1001),
    "1,001 parts": multipart(b"".join(PART % (n, b"") for n in range(1001)) + b"--x--\r\n"),
    "101 files": multipart(
        b"".join(PART % (n, b'; filename="f"') for n in range(101)) + b"--x--\r\n"
    ),
    "no boundary": multipart(b"--x\r\n", b""),
    "a boundary of other letters": multipart(b"--x\r\n", b"\xff\xfe"),
    "a part without an end": multipart(b'--x\r\nContent-Disposition: form-data; name="a"\r\n'),
    "a part that is not base64": multipart(
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n*\r\n--x--\r\n"
    ),
    "a form of no encoding": post(b"a=%FF%FE%00", FORM[:-2] + b"; charset=nonsense\r\n"),
    "a form of bad percents": post(b"a=%&%zz=%00&csrfmiddlewaretoken=%ff", FORM),
    "NUL in a name": post(b"username=%00&password=%00", FORM),
    "bad percents": get(b"/%zz%%%00%ff/../%2e%2e"),
    "NUL in the path": get(b"/static/%00"),
    "NUL in a static file's": get(b"/static/chat/%00.js"),
    "a long name of a static file": get(b"/static/" + b"a" * 5000),
    "an address that leaves": get(b"/static/../../../etc/passwd"),
    "NUL in the admin's": get(b"/admin/chat/message/%00/change/"),
    "a line break in the path": get(b"/%0d%0aERROR%20forged"),
    "a terminal's escape": get(b"/admin/%1b%5b2Jlogin"),
    "bytes that are no ASCII": get("/é".encode()),
    "no path": get(b""),
    "an asterisk": get(b"*"),
    "another's address": get(b"http://evil.example/"),
    "double slashes": get(b"//evil.example//"),
    "another host": b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    "a host that is none": b"GET / HTTP/1.1\r\nHost: @[:\x7f\r\nConnection: close\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
    "two hosts": get(b"/", HOST),
    "a cookie that is none": get(b"/", b"Cookie: =;;\xff\xfe=\x01; sessionid=\xe9; me=%00\r\n"),
    "a session that is none": get(b"/admin/", b"Cookie: sessionid=" + b"x" * 3000 + b"\r\n"),
    "a session with NUL": get(b"/admin/", b"Cookie: sessionid=a\\000b\r\n"),
    "messages that are none": get(b"/admin/login/", b"Cookie: messages=[[0]]; csrftoken=\xff\r\n"),
    "huge headers": get(b"/", b"X: " + b"a" * 100_000 + b"\r\n"),
    "very many headers": get(b"/", b"X: y\r\n" * 2000),
    "a header that is none": get(b"/", b"no colon here\r\n"),
    "a header of odd letters": get(b"/", b"X\xff: y\r\nY: \xff\x00\r\n"),
    "a header that folds": get(b"/", b"X: y\r\n  z\r\n"),
    "an odd method": b"\xff\x00 / HTTP/1.1\r\n" + HOST + b"\r\n",
    "no method of ours": b"BREW / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
    "an odd version": b"GET / HTTP/9.9\r\n" + HOST + b"\r\n",
    "a version that is none": b"GET / \xff\r\n" + HOST + b"\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20 + b"\r\n\r\n",
    "a length that is none": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: x\r\n\r\n",
    "a length below zero": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\n"
    + HOST
    + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length and chunks": (
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0"
    ),
    "chunks that are none": (
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"
    ),
    "an unknown encoding": post(b"a=b", FORM + b"Transfer-Encoding: gzip\r\n"),
    "an upload that stops": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\nabc",
    "a form for http/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "JSON that is none": post(b"\xff{", b"Content-Type: application/json\r\n", b"/api/messages"),
    "deep JSON": post(b"[" * 100_000, b"Content-Type: application/json\r\n", b"/api/messages"),
    "numbers that are none": get(b"/api/messages?after=%00&before=9e999&limit=-1&epoch=%ff"),
    "large numbers": get(b"/api/messages?before=" + b"9" * 5000),
    "digits of others": get(b"/api/messages?before=%D9%A1%C2%B2"),
    "a handshake elsewhere": get(b"/nowhere", HANDSHAKE),
    "a handshake with a bad key": get(b"/ws/chat/", HANDSHAKE.replace(b"dGhl", b"****")),
    "a handshake of no version": get(b"/ws/chat/", HANDSHAKE.replace(b"13", b"x")),
    "a handshake of another site": get(b"/ws/chat/", HANDSHAKE + b"Origin: http://[evil\r\n"),
    "a handshake with odd cookies": get(b"/ws/chat/", HANDSHAKE + b"Cookie: \xff=\xfe;;=\r\n"),
    "a handshake with an odd path": get(b"/ws/chat/%00%ff?%zz", HANDSHAKE),
    "a handshake with odd protocols": get(
        b"/ws/chat/", HANDSHAKE + b"Sec-WebSocket-Protocol: \xff,,\r\n"
    ),
    "a handshake with odd extensions": get(
        b"/ws/chat/", HANDSHAKE + b"Sec-WebSocket-Extensions: ;;=,permessage-deflate; x=\xff\r\n"
    ),
    "a handshake by POST": post(b"x", HANDSHAKE, b"/ws/chat/"),
    "another upgrade": get(b"/", b"Upgrade: h2c\r\nConnection: Upgrade\r\nHTTP2-Settings: x\r\n"),
    "frames that are none": get(b"/ws/chat/", HANDSHAKE) + b"\xff" * 100,
    "forwarded from nowhere": get(b"/", b"X-Forwarded-For: ,,\xff, [::\r\nForwarded: for=\xff\r\n"),
    "a range that is none": get(b"/static/chat/main.js", b"Range: bytes=9-1,x\r\n"),
    "dates that are none": get(b"/", b"If-Modified-Since: \xff\r\nIf-None-Match: \xff\r\n"),
    "languages that are none": get(b"/admin/login/", b"Accept-Language: \xff;q=x\r\n"),
}


def send(site, data: bytes) -> None:
    """Send it, and read what is answered, until either has enough."""
    with socket.create_connection(("127.0.0.1", site.processes[0].port), 10) as link:
        link.settimeout(0.3)
        try:
            link.sendall(data)
            while link.recv(65536):
                pass
        except OSError:
            pass


def said_of(site, data: bytes) -> list[str]:
    """What the log has of it."""
    log = site.processes[0].log
    before = len(log.read_text())
    send(site, data)
    send(site, get(b"/healthz"))
    return log.read_text()[before:].splitlines()


def test_a_strangers_request_is_at_most_a_line(site):
    eventually(lambda: site.request("/readyz").status == 200)
    much = {}
    for what, data in REQUESTS.items():
        lines = said_of(site, data)
        if len(lines) > 1 or not all(map(LINE.match, lines)):
            much[what] = lines
    assert not much
    assert "\x1b" not in site.processes[0].log.read_text()


FORGED = {
    "a form without its token": post(b"a=b", FORM),
    "a form that is PUT": post(b"a=b", FORM).replace(b"POST", b"PUT"),
    "a form elsewhere in the admin": post(b"a=b", FORM, b"/admin/chat/room/1/change/"),
    "1,001 fields": REQUESTS["1,001 fields in the address"],
    "another host": REQUESTS["another host"],
    "no such page": get(b"/nowhere"),
    "frames that are none": REQUESTS["frames that are none"],
    "a handshake of another site": REQUESTS["a handshake of another site"],
}


@pytest.mark.parametrize("what", FORGED)
def test_what_a_stranger_sends_again_and_again_is_no_line_each(site, what):
    eventually(lambda: site.request("/readyz").status == 200)
    assert [said_of(site, FORGED[what]) for _ in range(3)] == [[], [], []]


@pytest.mark.parametrize("seed", range(3))
def test_requests_with_a_few_bytes_changed_are_at_most_a_line_each(site, seed):
    rng = random.Random(seed)
    log, before = site.processes[0].log, site.processes[0].log.stat().st_size
    sent = 40
    for _ in range(sent):
        data = bytearray(rng.choice(list(REQUESTS.values()))[:3000])
        for _ in range(rng.randint(1, 5)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        send(site, bytes(data))
    eventually(lambda: site.request("/healthz").status == 200)
    lines = log.read_bytes()[before:].decode().splitlines()
    assert not [line for line in lines if not LINE.match(line)]
    assert len(lines) <= sent
