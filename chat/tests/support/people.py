"""People: real WebSocket clients whose verbs make a test read as sentences.

ada, bob = join(site, "Ada"), join(site, "Bob", process=1)
seq = ada.says("hello")
assert bob.hears("hello")["seq"] == seq
bob.hears_nothing()
"""

import json
import socket
import time
import uuid

from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection, connect

from chat.tests.support import eventually
from chat.tests.support.site import Site

DEADLINE = 10.0
# What may come between at any time, because somebody else did something or time passed.
BACKGROUND = {"tick", "presence", "typing", "room", "you"}


class Person:
    """One client and its connection to one process of a site.

    It checks by itself that every `messages` frame begins where the last one ended.

    position   the last number it has everything up to; None before the first `messages`
    history    the messages that came in answer to a join that was no resumption
    heard      all other messages, in order
    frames     all frames in order, as they came
    """

    def __init__(
        self,
        site: Site,
        *,
        process: int = 0,
        cookie: str | None = None,
        token: str | None = None,
        origin: str | None = None,
        headers: dict[str, str] | None = None,
        address: str | None = None,
        reads: bool = True,
    ):
        """From `address`, one of 127.x.y.z, where it is given. With `reads` False nothing is taken
        from the system before it is asked for, and that keeps little."""
        self._site = site
        self._address, self._reads = address, reads
        self._headers = {**(headers or {}), **({"Cookie": cookie} if cookie else {})}
        self._origin = origin
        self._token = token
        self.name: str | None = None
        self.id: str | None = None
        self.epoch: str | None = None
        self.position: int | None = None
        self.connects(process)

    def __repr__(self):
        return f"<{self.name or 'somebody'}, at {self.position}>"

    # --- coming and going ------------------------------------------------------------------------
    def connects(self, process: int = 0) -> None:
        """Open a socket to one of the site's processes; nothing is sent yet."""
        self.history: list[dict] = []
        self.heard: list[dict] = []
        self.frames: list[dict] = []
        self._waiting: list[dict] = []  # frames that no verb has asked for yet
        self._unheard: list[dict] = []  # messages that no verb has asked for yet
        self._since: dict | None = None  # of the last join
        self._arriving = False  # the next `messages` frame is history
        self.socket: ClientConnection = connect(
            self._site.ws_urls[process],
            origin=self._origin,
            additional_headers=self._headers,
            compression=None,
            max_size=None,
            max_queue=None if self._reads else 1,
            sock=self._dials(process),
            ping_interval=None,
            close_timeout=2,
            proxy=None,
            legacy=True,  # outside of `with`: `drops` and `leaves` end it
        )

    def _dials(self, process: int) -> socket.socket:
        link = socket.socket()
        if not self._reads:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        if self._address:
            link.bind((self._address, 0))
        link.connect(("127.0.0.1", self._site.processes[process].port))
        return link

    def joins(self, name: str | None = None, since: dict | None = None) -> dict:
        """Send a `join`, wait for `hello` and the messages that belong to it; return `hello`."""
        frame = {"type": "join"}
        if name is not None:
            frame["name"] = name
        if since is not None:
            frame["since"] = since
        if self._token is not None:
            frame["token"] = self._token
        self._since = since
        self.sends(frame)
        hello = self.gets("hello")
        if since or not hello["resumed"]:
            end, after = time.monotonic() + DEADLINE, self.frames.index(hello)
            while not any(frame["type"] == "messages" for frame in self.frames[after:]):
                self._receive(end, "the messages after hello")
        return hello

    def resumes(self, since: dict | None = None, *, process: int = 0) -> dict:
        """Connect again and join from where it was, or from `since`; return `hello`."""
        self.drops()
        since = since or {"epoch": self.epoch, "seq": self.position}
        self.connects(process)
        return self.joins(self.name, since)

    def drops(self) -> None:
        """Lose the connection without a word, as in a tunnel."""
        self.socket.close_socket()

    def leaves(self) -> None:
        """Close the connection properly."""
        self.socket.close()

    # --- speaking --------------------------------------------------------------------------------
    def sends(self, frame: dict | str | bytes) -> None:
        """Send one frame: an object as JSON, a text or bytes as they are."""
        if isinstance(frame, dict):
            frame = json.dumps(frame, ensure_ascii=False)
        self.socket.send(frame)

    def posts(self, text: str, nonce: str | None = None, **fields) -> str:
        """Post without waiting for an answer; return the nonce."""
        nonce = nonce or str(uuid.uuid4())
        self.sends({"type": "post", "nonce": nonce, "text": text, **fields})
        return nonce

    def says(self, text: str, nonce: str | None = None, **fields) -> int:
        """Post, and wait until it is accepted; return its seq."""
        return self.is_accepted(self.posts(text, nonce, **fields))

    def asks_for(self, kind: str, seq: int, **fields) -> str:
        """Edit, remove or react without waiting for an answer; return the nonce."""
        nonce = str(uuid.uuid4())
        self.sends({"type": kind, "nonce": nonce, "seq": seq, **fields})
        return nonce

    def edits(self, seq: int, text: str) -> int:
        """Edit, and wait until it is accepted; return the rev."""
        return self._changes(self.asks_for("edit", seq, text=text))

    def removes(self, seq: int) -> int:
        """Remove, and wait until it is accepted; return the rev."""
        return self._changes(self.asks_for("remove", seq))

    def reacts(self, seq: int, emoji: str, *, on: bool = True) -> int:
        """React, or take that back, and wait until it is accepted; return the rev."""
        return self._changes(self.asks_for("react", seq, emoji=emoji, on=on))

    def _changes(self, nonce: str) -> int:
        return self._answer_to(nonce, "accepted")["rev"]

    def sees(self, rev: int, deadline: float = DEADLINE) -> dict:
        """Wait for the change, or the message, of that number; return the message."""
        end = time.monotonic() + deadline
        while True:
            for message in self._unheard:
                if message["rev"] == rev:
                    self._unheard.remove(message)
                    return message
            self._receive(end, f"number {rev}")

    def is_accepted(self, nonce: str) -> int:
        """Wait for the `accepted` of that nonce; return the seq."""
        return self._answer_to(nonce, "accepted")["seq"]

    def is_rejected(self, nonce: str, deadline: float = DEADLINE) -> dict:
        """Wait for the `rejected` of that nonce; return the frame."""
        return self._answer_to(nonce, "rejected", deadline)

    def is_answered(self, nonce: str, deadline: float = DEADLINE) -> dict:
        """Wait for `accepted` or `rejected` of that nonce; return the frame."""
        return self._take(
            lambda frame: frame["type"] in {"accepted", "rejected"} and frame["nonce"] == nonce,
            f"an answer to {nonce}",
            deadline,
        )

    def _answer_to(self, nonce: str, expected: str, deadline: float = DEADLINE) -> dict:
        answer = self.is_answered(nonce, deadline)
        assert answer["type"] == expected, answer
        return answer

    # --- listening -------------------------------------------------------------------------------
    def gets(self, kind: str, deadline: float = DEADLINE, **fields) -> dict:
        """Wait for the next frame of that type (with those fields), whatever comes between."""
        return self._take(
            lambda frame: frame["type"] == kind and fields.items() <= frame.items(),
            f"{kind} {fields or ''}",
            deadline,
        )

    def hears(self, text: str, deadline: float = DEADLINE) -> dict:
        """Wait for a message with this text that was not asked for yet; return the message."""
        end = time.monotonic() + deadline
        while True:
            for message in self._unheard:
                if message.get("text") == text:
                    self._unheard.remove(message)
                    return message
            self._receive(end, f"the message {text!r}")

    def hears_nothing(self) -> None:
        """Fail if anything was said, or a frame came, that no verb has asked for."""
        self.catches_up()
        unexpected = [frame for frame in self._waiting if frame["type"] not in BACKGROUND]
        assert not unexpected, unexpected
        assert not self._unheard, self._unheard

    def catches_up(self) -> None:
        """Wait for everything that is stored by now, and that this process has answered."""
        log_at = self._site.sql("SELECT seq FROM chat_log")[0]["seq"]
        end = time.monotonic() + DEADLINE
        while self.position is not None and self.position < log_at:
            self._receive(end, f"everything up to {log_at}")
        self.sends({"type": "ping", "seq": self.position or 0})
        self.gets("tick")

    def is_closed(self, deadline: float = DEADLINE) -> int:
        """Wait until the server has closed the socket; return the close code."""
        end = time.monotonic() + deadline
        try:
            while True:
                self._receive(end, "the end of the connection", closing=True)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006

    def _take(self, wanted, what: str, deadline: float = DEADLINE) -> dict:
        """The first frame that is `wanted`, of those that wait or that come in time."""
        end = time.monotonic() + deadline
        while True:
            for frame in self._waiting:
                if wanted(frame):
                    self._waiting.remove(frame)
                    return frame
            self._receive(end, what)

    def _receive(self, end: float, what: str = "a frame", *, closing: bool = False) -> None:
        """Take in one frame; fail when none comes before `end`."""
        try:
            text = self.socket.recv(timeout=max(0.0, end - time.monotonic()))
        except TimeoutError:
            raise AssertionError(f"{self} waited for {what}, got {self._recent()}") from None
        except ConnectionClosed as closed:
            if closing:
                raise
            raise AssertionError(
                f"{self} waited for {what}, but {closed}; got {self._recent()}"
            ) from None
        assert isinstance(text, str), f"a binary frame: {text!r}"
        frame = json.loads(text)
        self.frames.append(frame)
        if frame["type"] == "messages":
            self._take_in(frame)
        else:
            self._waiting.append(frame)
        if frame["type"] == "hello":
            self._is_greeted(frame)

    def _is_greeted(self, hello: dict) -> None:
        if not hello["resumed"]:
            self.position = None  # the next `messages` frame sets it
            self._arriving = True
        elif self._since:
            self.position = self._since["seq"]
        self.epoch = hello["epoch"]
        if hello["you"]:
            self.id, self.name = hello["you"]["id"], hello["you"]["name"]

    def _take_in(self, frame: dict) -> None:
        first, last = frame["from"], frame["to"]
        if self.position is not None:
            assert first == self.position + 1, f"a gap: at {self.position}, then {first} to {last}"
        assert last >= first - 1, frame
        revs = [message["rev"] for message in frame["messages"]]
        assert revs == sorted(set(revs)), f"not in order of rev: {revs}"
        self.position = last
        if self._arriving:
            self._arriving = False
            self.history += frame["messages"]
        else:
            self.heard += frame["messages"]
            self._unheard += frame["messages"]

    def _recent(self) -> str:
        return "\n".join(str(frame)[:300] for frame in self.frames[-8:]) or "nothing"


def join(site: Site, name: str | None = None, *, since: dict | None = None, **connection) -> Person:
    """Connect and join, under that name or only to read.

    Where someone of that name has just left, wait until that is noticed.
    """
    person = Person(site, **connection)
    person.joins(name, since)

    def is_named() -> str | None:
        if not person.name:
            person.gets("error", code="name_taken")
            person.joins(name)
        return person.name

    if name is not None:
        eventually(is_named)
    return person


def raw_join(site: Site) -> socket.socket:
    """A connection, shaken hands and joined without a name, that nobody reads."""
    link = socket.create_connection(("127.0.0.1", site.processes[0].port), DEADLINE)
    link.sendall(
        b"GET /ws/chat/ HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade"
        b"\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += link.recv(1)
    assert b" 101 " in answer
    link.sendall(Frame(Opcode.TEXT, b'{"type":"join"}').serialize(mask=True))
    return link
