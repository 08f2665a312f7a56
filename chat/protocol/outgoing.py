"""Frames to the client, each as text, built by one function. Pure."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from chat.protocol.bounds import LIMITS, PROTOCOL
from chat.protocol.errors import ANSWERED, REJECTIONS, FrameError

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)
encode = _encoder.encode


def hello(
    *,
    epoch: str,
    seq: int,
    you: dict[str, Any] | None,
    room: dict[str, Any],
    online: dict[str, Any],
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


def message(
    *,
    seq: int,
    rev: int,
    by: str,
    name: str,
    text: str,
    at: datetime,
    nonce: str,
    reply_to: int | None = None,
    edited: datetime | None = None,
    reactions: list[dict[str, Any]] | None = None,
) -> str:
    """One message as it stands in `messages`, encoded once for all who get it.

    `reactions` are {"emoji", "count", "by"}, in the order of their first use.
    """
    fields: dict[str, Any] = {
        "seq": seq,
        "rev": rev,
        "by": by,
        "name": name,
        "text": text,
        "at": timestamp(at),
        "nonce": nonce,
    }
    if reply_to is not None:
        fields["reply_to"] = reply_to
    if edited:
        fields["edited"] = timestamp(edited)
    if reactions:
        fields["reactions"] = reactions
    return encode(fields)


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


def these(epoch: str, seq: int, encoded: Iterable[str], *, more: bool) -> str:
    """The body of an answer to who has asked for some messages by number."""
    position = encode({"epoch": epoch, "seq": seq, "more": more})
    return f'{position[:-1]},"messages":[{",".join(encoded)}]}}'


def accepted(nonce: str, seq: int, rev: int | None = None) -> str:
    """`rev` is the number of a change."""
    return encode(_present(type="accepted", nonce=nonce, seq=seq, rev=rev))


def rejected(nonce: str, code: str, message: str, retry_after: float | None = None) -> str:
    return encode(
        _present(type="rejected", nonce=nonce, code=code, message=message, retry_after=retry_after)
    )


def refusal(wrong: FrameError) -> str:
    """`rejected` for what has a usable nonce, where its code says why; else `error`."""
    if wrong.kind in ANSWERED and wrong.nonce and wrong.code in REJECTIONS:
        return rejected(wrong.nonce, wrong.code, wrong.message, wrong.retry_after)
    return error(wrong)


def error(wrong: FrameError) -> str:
    fields = _present(nonce=wrong.nonce, seq=wrong.seq, retry_after=wrong.retry_after)
    if wrong.kind:
        fields["for"] = wrong.kind
    return encode({"type": "error", "code": wrong.code, "message": wrong.message, **fields})


def presence(count: int, joined: list[str], left: list[str]) -> str:
    return encode({"type": "presence", "count": count, "joined": joined, "left": left})


def typing(count: int, names: list[str]) -> str:
    return encode({"type": "typing", "count": count, "names": names})


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


def _present(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
