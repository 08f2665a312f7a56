"""A client as DESIGN section 3 wants one: a position, an outbox, and patience.

It notes what was promised to it (`accepted`, `refused`) and what it was shown (`histories`), and
by itself whatever is wrong in the frames as they come (`problems`). The oracle does the rest.
"""

import asyncio
import contextlib
import json
import random
import secrets
import time
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

BACKOFF = (0.5, 4.0)  # seconds; in a browser 30 at most, but then a test would wait that long
PING = 2.0  # seconds; a browser's 20 would be too slow for the same reason
PATIENCE = 6.0  # seconds without any frame, after which the connection counts as dead
UNANSWERED = 16  # the protocol allows 32
EMOJI = ("🎉", "👍", "❤️")


@dataclass
class Entry:
    """An entry of the outbox: a post, or a change of a message."""

    frame: dict
    said_at: float = field(default_factory=time.monotonic)
    tries: int = 0
    sent_on: int = 0  # the number of the connection that it went out on last
    refused_at: float | None = None  # when it was last `busy`, by the wall clock

    @property
    def nonce(self) -> str:
        return self.frame["nonce"]

    @property
    def text(self) -> str:
        return self.frame["text"]


@dataclass
class History:
    """What one client was shown of one epoch: of all that there was when it `began` the latest,
    from number `start` on, and all that came after that."""

    epoch: str
    start: int
    position: int
    began: int = 0
    messages: list[dict] = field(default_factory=list)


class Client:
    """Somebody with a name and a cookie, or with neither, who only reads.

    The first of `urls` is tried first, then the others in turn.
    """

    def __init__(self, urls: list[str], name: str | None = None, cookie: str = ""):
        self.name, self.id = name, None
        self.histories: list[History] = []
        self.said: dict[str, Entry] = {}  # all posts ever, by nonce
        self.changes: list[dict] = []  # frames, all that ever were wanted
        self.changed: list[dict] = []  # those of them that were accepted, in that order
        self.accepted: dict[str, int] = {}
        self.accepted_at: dict[str, float] = {}  # by the monotonic clock
        self.refused: dict[str, str] = {}  # nonce: code; given up, it must not be stored
        self.outbox: dict[str, Entry] = {}  # unanswered, in order
        self.byes: list[dict] = []
        self.connections = 0
        self.problems: list[str] = []
        self.arrived = asyncio.Event()  # once at least
        self._urls, self._cookie = urls, cookie
        self._heard: set[str] = set()  # texts
        self._talk: set[str] = set()  # nonces of what may be changed: nobody waits for it
        self._own: list[int] = []  # the seqs of that, as far as it stands
        self._greeted = self._arriving = False
        self._retry_after: float | None = None
        self._outgoing: asyncio.Queue[dict] = asyncio.Queue()

    def __repr__(self):
        return f"<{self.name or 'a reader'}, at {self.position}, {len(self.outbox)} unanswered>"

    @property
    def position(self) -> int | None:
        """The last number it has everything up to."""
        return self.histories[-1].position if self.histories else None

    @property
    def epoch(self) -> str | None:
        return self.histories[-1].epoch if self.histories else None

    @property
    def is_here(self) -> bool:
        """Greeted under its name and brought to where the room is."""
        return self._greeted and not self._arriving

    def hears(self, text: str) -> bool:
        return text in self._heard

    def lives_at(self, url: str) -> bool:
        """Whether it tries this process first."""
        return self._urls[0] == url

    # --- speaking --------------------------------------------------------------------------------
    def say(self, text: str, **fields) -> Entry:
        """Put a message into the outbox; it goes out as soon as that is possible."""
        post = self._want(type="post", text=text, **fields)
        self.said[post.nonce] = post
        return post

    def _want(self, **frame) -> Entry:
        entry = Entry(frame | {"nonce": secrets.token_hex(8)})
        self.outbox[entry.nonce] = entry
        if self.is_here:
            self._send_entry(entry)
        return entry

    async def talk(self, pace: float, size: int = 0) -> None:
        """Say something every `pace` seconds until cancelled, of `size` characters or more; and
        change something of what was said."""
        while True:
            if len(self.outbox) < UNANSWERED:
                text = f"{self.name} {len(self.said)}".ljust(size, ".")
                seen = self._seen()
                reply = {"reply_to": random.choice(seen)} if seen and random.random() < 0.2 else {}
                self._talk.add(self.say(text, **reply).nonce)
                self._change_something(seen)
            await asyncio.sleep(pace)

    def _change_something(self, seen: list[int]) -> None:
        """One change of a message waits at a time: so the last that is accepted is what stands."""
        waiting = {entry.frame.get("seq") for entry in self.outbox.values()}
        own = [seq for seq in self._own if seq not in waiting]
        seen = [seq for seq in seen if seq not in waiting]
        what = random.random()
        if own and what < 0.2:
            self._change(type="edit", seq=own[-1], text=f"{self.name} meant {len(self.changes)}")
        elif own and what < 0.25:
            self._own.remove(own[0])
            self._change(type="remove", seq=own[0])
        elif seen and what < 0.6:
            emoji, on = random.choice(EMOJI), random.random() < 0.7
            self._change(type="react", seq=random.choice(seen), emoji=emoji, on=on)

    def _change(self, **frame) -> None:
        self.changes.append(self._want(**frame).frame)

    def _seen(self) -> list[int]:
        """The seqs of some of the latest messages."""
        return [m["seq"] for m in self.histories[-1].messages[-8:]] if self.histories else []

    def _send_entry(self, entry: Entry) -> None:
        if entry.nonce in self.outbox:
            entry.tries += 1
            entry.sent_on = self.connections
            self._send(entry.frame)

    def _send(self, frame: dict) -> None:
        self._outgoing.put_nowait(frame)

    # --- being connected -------------------------------------------------------------------------
    async def live(self) -> None:
        """Connect, and connect again whenever that is needed, until cancelled."""
        failures = 0
        while True:
            url = self._urls[failures % len(self._urls)]
            try:
                await self._stay(url)
            except (OSError, TimeoutError, WebSocketException):
                pass  # nobody is there
            except Exception as error:
                self._complain(f"broke: {error!r}")
            failures = 0 if self.is_here else failures + 1
            self._greeted = False
            await asyncio.sleep(self._pause(failures))

    def _pause(self, failures: int) -> float:
        """Full jitter, doubling; or what the server asked for."""
        if (asked := self._retry_after) is not None:
            self._retry_after = None
            return asked
        first, most = BACKOFF
        return random.uniform(0, min(most, first * 2**failures))

    async def _stay(self, url: str) -> None:
        async with connect(
            url,
            additional_headers={"Cookie": self._cookie} if self._cookie else None,
            compression=None,
            max_size=None,
            max_queue=None,
            ping_interval=None,
            open_timeout=PATIENCE,
            close_timeout=0.5,
            proxy=None,
        ) as socket:
            self.connections += 1
            self._outgoing = asyncio.Queue()
            self._join()
            helpers = [asyncio.create_task(work) for work in (self._pour(socket), self._ping())]
            try:
                await self._listen(socket)
            finally:
                for task in helpers:
                    task.cancel()

    async def _listen(self, socket: ClientConnection) -> None:
        with contextlib.suppress(TimeoutError, WebSocketException):
            while True:
                async with asyncio.timeout(PATIENCE):
                    text = await socket.recv()
                self._take(json.loads(text))

    async def _pour(self, socket: ClientConnection) -> None:
        with contextlib.suppress(WebSocketException):
            while True:
                await socket.send(json.dumps(await self._outgoing.get()))

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING)
            self._send({"type": "ping", "seq": self.position or 0})

    def _join(self) -> None:
        since = {"epoch": self.epoch, "seq": self.position}
        name = {"name": self.name} if self.name else {}
        self._send({"type": "join"} | name | ({"since": since} if self.histories else {}))

    # --- listening -------------------------------------------------------------------------------
    def _take(self, frame: dict) -> None:
        if handler := getattr(self, f"_take_{frame['type']}", None):
            handler(frame)

    def _take_hello(self, frame: dict) -> None:
        self._arriving = True
        if not frame["resumed"]:
            self.histories.append(History(frame["epoch"], 0, 0))
            self._own = []
        elif not self.histories or frame["epoch"] != self.epoch:
            self._complain(f"was told to go on from nothing: {frame}")
        you = frame["you"]
        self._greeted = bool(you) == bool(self.name)
        if you:
            if self.id not in {None, you["id"]}:
                self._complain(f"became somebody else: {self.id}, now {you['id']}")
            self.id = you["id"]

    def _take_messages(self, frame: dict) -> None:
        history, messages = self.histories[-1], frame["messages"]
        if not history.start:
            history.start, history.position = frame["from"], frame["from"] - 1
            history.began = frame["to"]
        if frame["from"] != history.position + 1:
            self._complain(f"a gap: at {history.position}, then {frame['from']} to {frame['to']}")
        for message in messages:
            self._take_message(message)
        history.messages += messages
        history.position = frame["to"]
        if self._arriving:
            self._arriving = False
            self.arrived.set()
            for entry in list(self.outbox.values()):
                self._send_entry(entry)

    def _take_message(self, message: dict) -> None:
        self._heard.add(message.get("text", ""))
        post = self.outbox.get(message.get("nonce", ""))
        if (
            post
            and message["by"] == self.id
            and post.tries == 1
            and post.sent_on == self.connections
        ):
            self._complain(f"its message {message['seq']} came before it was accepted")

    def _take_accepted(self, frame: dict) -> None:
        nonce, seq = frame["nonce"], frame["seq"]
        if "rev" in frame:
            if entry := self.outbox.pop(nonce, None):
                self.changed.append(entry.frame)
            return
        if nonce in self._talk and nonce in self.outbox:
            self._own.append(seq)
        if self.accepted.setdefault(nonce, seq) != seq:
            self._complain(f"{nonce} was accepted as {self.accepted[nonce]}, then as {seq}")
        if self.outbox.pop(nonce, None):
            self.accepted_at[nonce] = time.monotonic()

    def _take_rejected(self, frame: dict) -> None:
        if not (entry := self.outbox.get(frame["nonce"])):
            self._complain(f"was rejected after an answer: {frame}")
        elif frame["code"] in {"busy", "rate_limited"}:
            entry.refused_at = time.time()
            self._later(frame, self._send_entry, entry)
        else:
            self.refused[entry.nonce] = frame["code"]
            del self.outbox[entry.nonce]

    def _take_error(self, frame: dict) -> None:
        if frame["code"] != "busy":
            self._complain(f"got {frame}")
        elif frame.get("for") == "join":
            self._later(frame, self._join)

    def _take_bye(self, frame: dict) -> None:
        self.byes.append(frame)
        self._retry_after = frame.get("retry_after")

    def _later(self, refusal: dict, again, *args) -> None:
        """Try again when the server asks for it, if the connection is still the same."""

        def try_again(connection=self.connections):
            if connection == self.connections:
                again(*args)

        asyncio.get_running_loop().call_later(refusal.get("retry_after", 1), try_again)

    def _complain(self, problem: str) -> None:
        self.problems.append(f"{self} {problem}")
