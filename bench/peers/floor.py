"""The floor: WebSocket by hand, and for each message a bare loop of `socket.send`.

What no server in Python can do without. It knows short masked text frames, and nothing else.
"""

import base64
import hashlib
import selectors
import socket
import sys

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
sockets: set[socket.socket] = set()
selector = selectors.DefaultSelector()


def welcome(listener: socket.socket) -> None:
    link, _ = listener.accept()
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    selector.register(link, selectors.EVENT_READ, shake_hands)


def shake_hands(link: socket.socket) -> None:
    key = link.recv(4096).partition(b"Sec-WebSocket-Key: ")[2].split(b"\r\n")[0]
    if not key:
        leave(link)
        return
    proof = base64.b64encode(hashlib.sha1(key + MAGIC).digest())
    link.send(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + proof + b"\r\n\r\n"
    )
    sockets.add(link)
    selector.modify(link, selectors.EVENT_READ, relay)


def relay(link: socket.socket) -> None:
    try:
        data = link.recv(65536)
    except ConnectionError:
        data = b""
    if not data:
        leave(link)
    while data:
        if data[0] != 0x81:  # a text, whole; anything else is a farewell
            leave(link)
            return
        size, mask = data[1] & 127, data[2:6]
        text = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data[6 : 6 + size]))
        broadcast(bytes([0x81, size]) + text)
        data = data[6 + size :]


def broadcast(frame: bytes) -> None:
    for link in sockets:
        link.send(frame)


def leave(link: socket.socket) -> None:
    sockets.discard(link)
    selector.unregister(link)
    link.close()


selector.register(
    socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=1000),
    selectors.EVENT_READ,
    welcome,
)
while True:
    for key, _ in selector.select():
        key.data(key.fileobj)
