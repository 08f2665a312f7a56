"""The page as it is for everybody: rendered and compressed once for a change, not for a visitor.

Nothing in it is anybody's own; who somebody is, their cookies say.
"""

import asyncio
import gzip
import hashlib
import json
import time
from collections import deque
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, NamedTuple

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import escape, json_script

from chat.log.batch import Batch, Event, newest
from chat.protocol import bounds
from chat.protocol.incoming import Since
from chat.relay.relay import Relay

MESSAGES_BYTES = 112 * 1024  # of the page's 128 KiB; the rest is asked for when it is looked at
MARKUP = 800  # bytes around a message
SIGN = 5  # bytes that JSON in a page has more for each sign of HTML
A_SECOND = 4  # renderings; beyond that a page is old by so much: its socket goes on from there


class Content(NamedTuple):
    """What the page shows. Two that are equal make the same page."""

    position: Since
    room: dict[str, Any]
    online: dict[str, Any]
    today: date

    @classmethod
    def of(cls, relay: Relay) -> "Content":
        online = relay.people.online()
        return cls(relay.tail.position, relay.rules.room, online, timezone.localdate())


class Page(NamedTuple):
    """`etag` is weak: it stands for the page, however it is compressed."""

    etag: str
    plain: bytes
    gzipped: bytes


class SharedPage:
    """Makes the page anew when something has changed and somebody asks; many who ask at the same
    moment share one. To be used in one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._shows: object = None
        self._page: asyncio.Task[Page] | None = None
        self._began: deque[float] = deque(maxlen=A_SECOND)

    async def get(self, content: object, make: Callable[[], Page]) -> Page:
        """The page with this content, or as it was up to a second ago; `make` is called in a
        thread. Raises what that raises."""
        if self._page and content != self._shows:
            await asyncio.wait([self._page])  # one at a time; it may be older than is good
        if self._page is None or self._is_stale(self._page, content):
            self._shows = content
            self._began.append(self._clock())
            self._page = asyncio.create_task(asyncio.to_thread(make))
        return await asyncio.shield(self._page)  # who goes away takes it from nobody

    def _is_stale(self, page: "asyncio.Task[Page]", content: object) -> bool:
        if not page.done():
            return False
        failed = page.cancelled() or page.exception()
        if content == self._shows and not failed:
            return False
        return len(self._began) < A_SECOND or self._clock() - self._began[0] >= 1


def render(content: Content, latest: list[Batch]) -> Page:
    """In a thread: it takes some milliseconds, in which the others get their messages."""
    shown = newest(latest, MESSAGES_BYTES, _weigh)
    messages = [json.loads(event.encoded) for event in shown.events]
    state = {
        "epoch": shown.epoch,
        "seq": shown.end,
        "from": shown.start,
        "to": shown.end,
        "messages": messages,
        "room": content.room,
        "limits": bounds.LIMITS,
    }
    context = {
        "room": content.room,
        "messages": [
            message | {"at_time": datetime.fromisoformat(message["at"])}
            for message in sorted(messages, key=lambda message: message["seq"])
        ],
        "people": content.online["names"],
        "count": content.online["count"],
        "state": json_script(state, "state", Unescaped),
    }
    plain = render_to_string("chat/room.html", context).encode()
    # There is nothing secret in it that could be guessed by its compressed length.
    digest = hashlib.blake2b(plain, digest_size=16).hexdigest()
    return Page(f'W/"{digest}"', plain, gzip.compress(plain, compresslevel=6, mtime=0))


class Unescaped(json.JSONEncoder):
    """Letters as they are: half as many bytes, and a third for a sign that is drawn."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"ensure_ascii": False})


def _weigh(event: Event) -> int:
    """At most the bytes that a message adds to the page: it is there as HTML and as JSON."""
    signs = sum(map(event.encoded.count, "<>&"))
    return MARKUP + len(escape(event.encoded).encode()) + event.size + SIGN * signs
