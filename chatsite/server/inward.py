"""What comes in by a socket: frames, a few at a time, and the messages that they make. Pure.

To read a frame is work, however small it is, and one read of a socket may bring ten thousand.
"""

from typing import cast

from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol

from chatsite.server.asgi import Message
from chatsite.server.bucket import Bucket

SLICE = 256  # bytes that are read in one go: at most 42 frames
FRAGMENTS = 16  # that a message may come in; browsers send it in one
CONTROLS = 20  # pings and pongs that may come at once
CONTROLS_PER_SECOND = 10.0  # that may follow; a browser answers one in 20 s


class Flood(Exception):
    """More frames than anybody has a use for."""


class Inward:
    """What has come in, in order. `take` is the one place that every frame of any kind passes."""

    __slots__ = (*("_begun", "_binary", "_controls", "_events", "_fragments", "_rest", "_wire"),)

    def __init__(self, wire: Protocol) -> None:
        self._wire = wire
        self._rest = b""  # has come, and was not looked at
        self._events: list[Frame] = []  # the last one comes first
        self._begun: bytearray | None = None  # a message that has not ended yet
        self._binary = False
        self._fragments = 0  # of that message
        self._controls = Bucket(CONTROLS, CONTROLS_PER_SECOND)

    def put(self, data: bytes) -> None:
        self._rest = self._rest + data if self._rest else data

    @property
    def unread(self) -> int:
        """How many bytes were not looked at."""
        return len(self._rest)

    def __bool__(self) -> bool:
        """Whether there may be something to take."""
        return bool(self._events or self._rest)

    def take(self) -> Frame | None:
        """The next that has come in whole; None where more has to come first."""
        while not self._events and self._rest:
            data, self._rest = self._rest[:SLICE], self._rest[SLICE:]
            self._wire.receive_data(data)
            self._events = cast(list[Frame], self._wire.events_received())
            self._events.reverse()
        return self._events.pop() if self._events else None

    def message(self, frame: Frame) -> Message | None:
        """The message that a frame of text or bytes ends, as ASGI has it; None if it ends none.

        Raises `UnicodeDecodeError` and `Flood`.
        """
        if self._begun is None:
            self._binary = frame.opcode is Opcode.BINARY
            if frame.fin:
                return self._event(bytes(frame.data))
            self._begun, self._fragments = bytearray(), 0
        self._fragments += 1
        if self._fragments > FRAGMENTS:
            raise Flood
        self._begun += frame.data
        if not frame.fin:
            return None
        data, self._begun = bytes(self._begun), None
        return self._event(data)

    def control(self, now: float) -> None:
        """Count a ping or a pong, which the wire has answered. Raises `Flood`."""
        if self._controls.wait(now):
            raise Flood
        self._controls.take(now)

    def _event(self, data: bytes) -> Message:
        kind = {"bytes": data} if self._binary else {"text": data.decode()}
        return {"type": "websocket.receive", **kind}

    def clear(self) -> None:
        self._rest, self._events = b"", []
