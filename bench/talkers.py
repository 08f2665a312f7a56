"""A lively room: people who come, go and talk, and throw away unread what they hear."""

import base64
import contextlib
import json
import secrets
import socket
import threading
import time

from websockets.frames import Frame, Opcode

from chat.tests.support.site import Site

SPEAKERS = 10
CHANGING = 5  # people a second leave, and as many come
TURN = 0.01  # seconds
READ_EVERY, ALIVE_EVERY = 200, 2200  # turns
WORDS = (
    "Whoever reads this reads fast, there are many of us and all of us talk at once today".split()
)


class Somebody:
    """A WebSocket, by hand: what it hears is thrown away unread."""

    def __init__(self, port: int, name: str):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self._socket.sendall(
            f"GET /ws/chat/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        answer = self._socket.recv(4096)
        assert answer.startswith(b"HTTP/1.1 101"), answer
        self.says({"type": "join", "name": name})
        self._socket.setblocking(False)

    def says(self, frame: dict) -> None:
        payload = json.dumps(frame).encode()
        self._socket.sendall(Frame(Opcode.TEXT, payload).serialize(mask=True))

    def reads(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while len(self._socket.recv(1 << 18)) == 1 << 18:
                pass

    def goes(self) -> None:
        self._socket.close()


class Crowd:
    """The people, in a thread of their own."""

    def __init__(self, site: Site, size: int, rate: float):
        self._port, self._size, self._rate = site.processes[0].port, size, rate
        self._people: list[Somebody] = []
        self._names = iter(range(1_000_000_000))
        self._over = threading.Event()
        self.said = 0

    def comes(self) -> None:
        while len(self._people) < self._size:
            self._people.append(self._somebody())
            if len(self._people) % 50 == 0:
                for person in self._people:
                    person.reads()
        threading.Thread(target=self._live, daemon=True).start()

    def _somebody(self) -> Somebody:
        return Somebody(self._port, f"Somebody {next(self._names)}")

    def _live(self) -> None:
        begun = time.monotonic()
        changed = turn = 0
        while not self._over.wait(TURN):
            now = time.monotonic()
            while self.said < (now - begun) * self._rate:
                self._speak()
            while turn < (now - begun) / TURN:
                turn += 1
                for person in self._people[turn % READ_EVERY :: READ_EVERY]:
                    person.reads()
                for person in self._people[turn % ALIVE_EVERY :: ALIVE_EVERY]:
                    person.says({"type": "ping", "seq": 0})
            if changed < (now - begun) * CHANGING and len(self._people) > SPEAKERS:
                changed += 1
                place = SPEAKERS + changed % (len(self._people) - SPEAKERS)
                self._people[place].goes()
                self._people[place] = self._somebody()  # in its turn, or it misses its ping

    def _speak(self) -> None:
        self.said += 1
        text = f"{self.said}: {' '.join(WORDS[: 3 + self.said % 15])}"
        if self.said % 20 == 0:
            text += " https://example.org/about"
        nonce = secrets.token_hex(8)
        self._people[self.said % SPEAKERS].says({"type": "post", "nonce": nonce, "text": text})

    def goes(self) -> None:
        self._over.set()
