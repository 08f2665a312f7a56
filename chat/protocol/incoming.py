"""Frames from the client: text in, a dataclass out, or a `FrameError` that says what is wrong.

Pure. What they mean is told in docs/PROTOCOL.md.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn, TypeVar

from chat.protocol import names, text
from chat.protocol.bounds import NONCE, NUMBER_LIMIT
from chat.protocol.emoji import is_emoji
from chat.protocol.errors import FrameError


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
    reply_to: int | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    kind: ClassVar = "edit"
    nonce: str
    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class Remove:
    kind: ClassVar = "remove"
    nonce: str
    seq: int


@dataclass(frozen=True, slots=True)
class React:
    kind: ClassVar = "react"
    nonce: str
    seq: int
    emoji: str
    on: bool


@dataclass(frozen=True, slots=True)
class Typing:
    kind: ClassVar = "typing"
    nonce: str | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    kind: ClassVar = "ping"
    seq: int
    nonce: str | None = None


ChangeFrame = Edit | Remove | React
ClientFrame = Join | Post | ChangeFrame | Typing | Ping
Frame = TypeVar("Frame")


def parse(data: str) -> ClientFrame:
    """Make a frame of the text of one WebSocket message. Raises `FrameError`."""
    return _parse(decode(data), PARSERS)


def parse_change(fields: dict[str, Any]) -> ChangeFrame:
    """The `edit`, `remove` or `react` in these fields. Raises `FrameError`."""
    return _parse(fields, CHANGES)


def _parse(fields: dict[str, Any], parsers: dict[str, Callable[[dict[str, Any]], Frame]]) -> Frame:
    kind = fields.get("type")
    parser = parsers.get(kind) if isinstance(kind, str) else None
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


def decode(data: str) -> dict[str, Any]:
    """The object that `data` is in JSON. Raises `FrameError`."""
    try:
        fields = _decoder.decode(data)
    except (ValueError, RecursionError):
        raise FrameError("not_json") from None
    if not isinstance(fields, dict):
        raise FrameError("not_an_object")
    return fields


def parse_name(fields: dict[str, Any]) -> str | None:
    """The wished name in a frame's fields, unchecked. Raises `FrameError`."""
    return _string(fields, "name")


def parse_forget(fields: dict[str, Any]) -> bool:
    """Whether a member's other browsers are to be signed out. Raises `FrameError`."""
    value = fields.get("forget", False)
    if not isinstance(value, bool):
        raise FrameError("bad_field", "`forget` is true or false.")
    return value


def _string(fields: dict[str, Any], name: str) -> str | None:
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


def _parse_join(fields: dict[str, Any]) -> Join:
    since = fields.get("since")
    if since is not None:
        if not isinstance(since, dict) or not isinstance(since.get("epoch"), str):
            raise FrameError("bad_field", "`since` is an object with `epoch` and `seq`.")
        since = Since(since["epoch"], _number(since, "seq"))
    return Join(parse_name(fields), since, _string(fields, "token"), _nonce(fields))


def parse_post(fields: dict[str, Any]) -> Post:
    """The post in a frame's fields. Raises `FrameError`."""
    reply_to = None if fields.get("reply_to") is None else _number(fields, "reply_to")
    return Post(_own_nonce(fields), _text(fields), reply_to)


def _parse_edit(fields: dict[str, Any]) -> Edit:
    return Edit(_own_nonce(fields), _number(fields, "seq"), _text(fields))


def _parse_remove(fields: dict[str, Any]) -> Remove:
    return Remove(_own_nonce(fields), _number(fields, "seq"))


def _parse_react(fields: dict[str, Any]) -> React:
    nonce, seq = _own_nonce(fields), _number(fields, "seq")
    if not isinstance(fields.get("emoji"), str) or not isinstance(fields.get("on"), bool):
        raise FrameError("bad_field", "`emoji` is a string, and `on` true or false.")
    if not is_emoji(fields["emoji"]):
        raise FrameError("not_emoji")
    return React(nonce, seq, fields["emoji"], fields["on"])


def _parse_typing(fields: dict[str, Any]) -> Typing:
    return Typing(_nonce(fields))


def _parse_ping(fields: dict[str, Any]) -> Ping:
    return Ping(_number(fields, "seq"), _nonce(fields))


CHANGES: dict[str, Callable[[dict[str, Any]], ChangeFrame]] = {
    "edit": _parse_edit,
    "remove": _parse_remove,
    "react": _parse_react,
}
PARSERS: dict[str, Callable[[dict[str, Any]], ClientFrame]] = {
    "join": _parse_join,
    "post": parse_post,
    **CHANGES,
    "typing": _parse_typing,
    "ping": _parse_ping,
}


def _number(fields: dict[str, Any], name: str) -> int:
    value = fields.get(name)
    if type(value) is not int or not 0 <= value < NUMBER_LIMIT:  # True is an int, too
        raise FrameError("bad_field", f"`{name}` is a whole number from 0 to 2^53 - 1.")
    return value


def _text(fields: dict[str, Any]) -> str:
    """The text as it is stored."""
    if not isinstance(fields.get("text"), str):
        raise FrameError("bad_field", "`text` is a string.")
    try:
        return text.normalise(fields["text"])
    except text.TextInvalid as wrong:
        raise FrameError(wrong.code) from None


def _own_nonce(fields: dict[str, Any]) -> str:
    """The nonce of a frame that needs one."""
    nonce = _nonce(fields)
    if nonce is None:
        raise FrameError("bad_field", "`nonce` is 8 to 64 of A-Z, a-z, 0-9 and -.")
    return nonce


def _nonce(fields: dict[str, Any]) -> str | None:
    nonce = fields.get("nonce")
    return nonce if isinstance(nonce, str) and NONCE.match(nonce) else None


def _echo(kind: Any) -> str | None:
    """An unknown type, short enough to be repeated and surely encodable."""
    if not isinstance(kind, str) or not kind.isprintable():
        return None
    return kind[:32]
