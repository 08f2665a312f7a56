"""The wire protocol, version 1: every frame, parsed and built in one place.

Pure: no I/O, no Django, no Channels. Client frames come in as text and leave as one of the
dataclasses below; whatever is wrong raises `FrameError`, which says how to answer. Server frames
leave as text, built by one function each. What they mean is told in docs/PROTOCOL.md.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, NoReturn

from chat import names, text

PROTOCOL = 1
LIMITS = {
    "name": names.LENGTH,
    "text": text.LENGTH,
    "frame": 16384,
}  # characters, characters, bytes
BATCH_MESSAGES = 500
BATCH_BYTES = 128 * 1024
NUMBER_LIMIT = 2**53  # JavaScript's integers end here

# What a closing socket says, and the WebSocket close code that follows it.
CLOSE_CODES = {"banned": 4003, "slow": 4008, "resync": 4010, "restart": 4012, "flood": 4029}

EXPLANATIONS = {
    "not_json": "A frame is a text with one JSON object.",
    "not_an_object": "A frame is one JSON object.",
    "unknown_type": "There is no such type of frame.",
    "bad_field": "A field is missing or not of its form.",
    "name_taken": "Someone else has this name, or one that looks like it.",
    "name_invalid": "This can't be a name.",
    "name_required": "Join with a name first.",
    "empty": "There is nothing to see in it.",
    "too_long": f"At most {LIMITS['text']} characters.",
    "invalid_text": "It contains control characters, broken Unicode or heaps of accents.",
    "rate_limited": "Too fast.",
    "slow_mode": "The room is in slow mode.",
    "read_only": "The room is read-only at the moment.",
    "banned": "You can't write here.",
    "nonce_conflict": "Another message was sent under this nonce.",
    "busy": "The room can't answer just now.",
    "unknown": "It is not known yet whether this is stored. Ask again, under the same nonce.",
    "cookie_required": "Open the page first: its cookie says who you are.",
    "cross_origin": "Only this site's own pages can post.",
}

REJECTIONS = frozenset(
    ("too_long", "empty", "invalid_text", "rate_limited", "slow_mode", "read_only", "banned")
) | {"name_required", "nonce_conflict", "busy"}
NONCE = re.compile(r"[A-Za-z0-9-]{8,64}\Z")


class FrameError(Exception):
    """A frame that can't be used, or a wish that can't be granted.

    `code` is one of `EXPLANATIONS`; `kind` the frame's type where it is known; `nonce` and `seq`
    repeat the frame's; `retry_after` is in seconds. `frame()` gives the answer.
    """

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        kind: str | None = None,
        nonce: str | None = None,
        seq: int | None = None,
        retry_after: float | None = None,
    ):
        super().__init__(code)
        self.code = code
        self.message = message or EXPLANATIONS[code]
        self.kind, self.nonce, self.seq, self.retry_after = kind, nonce, seq, retry_after

    def frame(self) -> str:
        """`rejected` for a post with a usable nonce, where that says why; else `error`."""
        if self.kind == "post" and self.nonce and self.code in REJECTIONS:
            return rejected(self.nonce, self.code, self.message, self.retry_after)
        return error(self)


@dataclass(frozen=True, slots=True)
class Since:
    """A position in one history: everything up to `seq` of `epoch` is known."""

    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class Join:
    kind: ClassVar = "join"
    name: str | None
    since: Since | None
    token: str | None = None
    nonce: str | None = None  # an error repeats it


@dataclass(frozen=True, slots=True)
class Post:
    kind: ClassVar = "post"
    nonce: str
    text: str


@dataclass(frozen=True, slots=True)
class Ping:
    kind: ClassVar = "ping"
    seq: int
    nonce: str | None = None


ClientFrame = Join | Post | Ping


# --- From the client -----------------------------------------------------------------------------
def parse(data: str) -> ClientFrame:
    """Make a frame of the text of one WebSocket message. Raises `FrameError`."""
    fields = decode(data)
    kind = fields.get("type")
    parser = PARSERS.get(kind) if isinstance(kind, str) else None
    if parser is None:
        raise FrameError("unknown_type", kind=_echo(kind), nonce=_nonce(fields))
    try:
        return parser(fields)
    except FrameError as wrong:
        wrong.kind, wrong.nonce = kind, _nonce(fields)
        raise


def _whole(digits: str) -> int:
    """The number; one that is far beyond ours need not be known (Python refuses 4,301 digits)."""
    return int(digits) if len(digits) < 20 else NUMBER_LIMIT


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# Python takes NaN, Infinity and -Infinity for numbers.
_decoder = json.JSONDecoder(parse_int=_whole, parse_constant=_no_constant)


def decode(data: str) -> dict:
    """The object that `data` is in JSON. Raises `FrameError`."""
    try:
        fields = _decoder.decode(data)
    except (ValueError, RecursionError):
        raise FrameError("not_json") from None
    if not isinstance(fields, dict):
        raise FrameError("not_an_object")
    return fields


def parse_name(fields: dict) -> str | None:
    """The wished name in a frame's fields, unchecked. Raises `FrameError`."""
    return _string(fields, "name")


def _string(fields: dict, name: str) -> str | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise FrameError("bad_field", f"`{name}` is a string.")
    return value


def check_name(wished: str | None) -> str | None:
    """The name as it is kept. Raises `FrameError("name_invalid")`, which says why."""
    try:
        return None if wished is None else names.check(wished)
    except names.NameInvalid as wrong:
        raise FrameError("name_invalid", str(wrong)) from None


def _parse_join(fields: dict) -> Join:
    since = fields.get("since")
    if since is not None:
        if not isinstance(since, dict) or not isinstance(since.get("epoch"), str):
            raise FrameError("bad_field", "`since` is an object with `epoch` and `seq`.")
        since = Since(since["epoch"], _number(since, "seq"))
    return Join(parse_name(fields), since, _string(fields, "token"), _nonce(fields))


def parse_post(fields: dict) -> Post:
    """The post in a frame's fields. Raises `FrameError`."""
    nonce = _nonce(fields)
    if nonce is None:
        raise FrameError("bad_field", "`nonce` is 8 to 64 of A-Z, a-z, 0-9 and -.")
    if not isinstance(fields.get("text"), str):
        raise FrameError("bad_field", "`text` is a string.")
    try:
        return Post(nonce, text.normalise(fields["text"]))
    except text.TextInvalid as wrong:
        raise FrameError(wrong.code) from None


def _parse_ping(fields: dict) -> Ping:
    return Ping(_number(fields, "seq"), _nonce(fields))


PARSERS: dict[str, Callable[[dict], ClientFrame]] = {
    "join": _parse_join,
    "post": parse_post,
    "ping": _parse_ping,
}


def _number(fields: dict, name: str) -> int:
    value = fields.get(name)
    if type(value) is not int or not 0 <= value < NUMBER_LIMIT:  # True is an int, too
        raise FrameError("bad_field", f"`{name}` is a whole number from 0 to 2^53 - 1.")
    return value


def _nonce(fields: dict) -> str | None:
    nonce = fields.get("nonce")
    return nonce if isinstance(nonce, str) and NONCE.match(nonce) else None


def _echo(kind: Any) -> str | None:
    """An unknown type, short enough to be repeated and surely encodable."""
    if not isinstance(kind, str) or not kind.isprintable():
        return None
    return kind[:32]


# --- From the server -----------------------------------------------------------------------------
_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)
encode = _encoder.encode


def hello(
    *,
    epoch: str,
    seq: int,
    you: dict | None,
    room: dict,
    online: dict,
    resumed: bool,
) -> str:
    """`you` is {"id", "name"} or None; `online` is {"count", "names"}; `room` as in `room()`."""
    return encode(
        {
            "type": "hello",
            "protocol": PROTOCOL,
            "epoch": epoch,
            "seq": seq,
            "you": you,
            "room": room,
            "online": online,
            "limits": LIMITS,
            "resumed": resumed,
        }
    )


def message(*, seq: int, rev: int, by: str, name: str, text: str, at: datetime, nonce: str) -> str:
    """One message as it stands in `messages`, encoded once for all who get it."""
    return encode(
        {
            "seq": seq,
            "rev": rev,
            "by": by,
            "name": name,
            "text": text,
            "at": timestamp(at),
            "nonce": nonce,
        }
    )


def removed(*, seq: int, rev: int, by: str) -> str:
    """What is left of a message that was removed or hidden."""
    return encode({"seq": seq, "rev": rev, "by": by, "removed": True})


def messages(start: int, end: int, encoded: Iterable[str]) -> str:
    """A frame of `message`s, in order of rev, that brings a client from `start` - 1 to `end`."""
    return f'{{"type":"messages","from":{start},"to":{end},"messages":[{",".join(encoded)}]}}'


def history(
    *,
    epoch: str,
    seq: int,
    start: int,
    end: int,
    encoded: Iterable[str],
    more: bool,
    resumed: bool,
) -> str:
    """The body of an answer to `GET /api/messages`."""
    position = {"epoch": epoch, "seq": seq, "from": start, "to": end}
    rest = {"more": more, "resumed": resumed}
    return f'{encode(position)[:-1]},"messages":[{",".join(encoded)}],{encode(rest)[1:]}'


def accepted(nonce: str, seq: int) -> str:
    return encode({"type": "accepted", "nonce": nonce, "seq": seq})


def rejected(nonce: str, code: str, message: str, retry_after: float | None = None) -> str:
    return encode(
        _present(type="rejected", nonce=nonce, code=code, message=message, retry_after=retry_after)
    )


def error(wrong: FrameError) -> str:
    fields = _present(nonce=wrong.nonce, seq=wrong.seq, retry_after=wrong.retry_after)
    if wrong.kind:
        fields["for"] = wrong.kind
    return encode({"type": "error", "code": wrong.code, "message": wrong.message, **fields})


def presence(count: int, joined: list[str], left: list[str]) -> str:
    return encode({"type": "presence", "count": count, "joined": joined, "left": left})


def you(member_id: str, name: str) -> str:
    return encode({"type": "you", "id": member_id, "name": name})


def room(*, title: str, notice: str, mode: str, slow_seconds: int) -> str:
    return encode(
        {
            "type": "room",
            "title": title,
            "notice": notice,
            "mode": mode,
            "slow_seconds": slow_seconds,
        }
    )


def tick(epoch: str, seq: int) -> str:
    return encode({"type": "tick", "epoch": epoch, "seq": seq})


def bye(code: str, message: str, retry_after: float | None = None) -> str:
    return encode(_present(type="bye", code=code, message=message, retry_after=retry_after))


def timestamp(at: datetime) -> str:
    """RFC 3339, UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _present(**fields: Any) -> dict:
    return {name: value for name, value in fields.items() if value is not None}
