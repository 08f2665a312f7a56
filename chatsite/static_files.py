"""Static files out of memory, in front of Django; also while a deploy changes them."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from io import BytesIO
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage, staticfiles_storage
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware
from servestatic.asgi import FileServerASGI, ServeStaticASGI
from servestatic.responders import StaticFile

from chatsite.headers import EVERYWHERE
from chatsite.server.asgi import Message, Receive, Send

# As ManifestStaticFilesStorage makes them: chat/main.0123456789ab.js, and such a one's .map.
HASHED = re.compile(r"\.[0-9a-f]{12}(?:\.[^./]+){0,2}$")
MANIFEST = ManifestStaticFilesStorage.manifest_name
ENCODINGS = ("", ".zstd", ".gz", ".br")  # what servestatic looks for beside a file
PATHSEND = "http.response.pathsend"  # ASGI's extension: the server is to send the file at a path


class StaticFiles(ServeStaticASGI):
    """Answers what is asked of STATIC_URL and is there, and leaves all else to `application`.

    The hashed files of one build are read at the start, and sent without a look at the disk. A page
    of an earlier or a later build asks for its own names: what is there is served. A file without
    a hash in its name may have changed: it is sent from memory only while it has not.
    With DEBUG=1 each is found where it is edited.
    """

    def __init__(self, application: Callable[..., Awaitable[None]]) -> None:
        super().__init__(
            application,
            autorefresh=settings.DEBUG,
            max_age=0 if settings.DEBUG else 60,
            immutable_file_test=lambda path, url: HASHED.search(url) is not None,
        )
        self._kept: dict[str, Kept] = {}
        self._headers = security_headers()
        self.insert_directory(settings.STATIC_ROOT, settings.STATIC_URL)
        names = {} if settings.DEBUG else getattr(staticfiles_storage, "hashed_files", {})
        self._unhashed = {settings.STATIC_URL + name for name in names}
        for name in names.values():
            self._keep(settings.STATIC_URL + name)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if not path.startswith(settings.STATIC_URL) or _is_sent_to_https(scope):
            await self.application(scope, receive, send)
            return
        kept = self._kept.get(path)
        if kept and (HASHED.search(path) or kept.is_current()):
            await kept.answer(scope, receive, self._secured(send))
        elif found := await asyncio.to_thread(self._look_up, path):
            await found.answer(scope, receive, self._secured(send))
        else:
            await self.application(scope, receive, send)

    def candidate_paths_for_url(self, url: str) -> Iterator[str]:
        name = url.removeprefix(settings.STATIC_URL)
        if settings.DEBUG and (found := finders.find(name)):
            yield found
        elif name != MANIFEST:  # it tells of our disk
            yield from super().candidate_paths_for_url(url)

    def _keep(self, url: str) -> "Kept | None":
        """As it is on the disk; or was, where it is gone while all is collected anew."""
        if found := self.find_file(url):
            self._kept[url] = Kept(found)
        return self._kept.get(url)

    def _look_up(self, url: str) -> "Kept | Found | None":
        """In a thread: what is on the disk now."""
        if url in self._unhashed:
            return self._keep(url)
        # Not kept: what is being collected may be half written, and strangers choose the name.
        found = self.find_file(url)
        return Found(found) if found else None

    def _secured(self, send: Send) -> Send:
        async def send_secured(event: Message) -> None:
            if event["type"] == "http.response.start":
                event["headers"] = [*event["headers"], *self._headers]
            await send(event)

        return send_secured


class Found:
    """A file on the disk."""

    def __init__(self, file: StaticFile) -> None:
        self._file = file

    async def answer(self, scope: Message, receive: Receive, send: Send) -> None:
        await FileServerASGI(self._file)(scope, receive, send)


class Kept(Found):
    """A file in memory, in every encoding that there is."""

    def __init__(self, file: StaticFile) -> None:
        super().__init__(file)
        self._path = next(path for encoding, path, _ in file.alternatives if not encoding)
        self._stamp = _stamp(self._path)
        self._bodies = {path: Path(path).read_bytes() for _, path, _ in file.alternatives}

    def is_current(self) -> bool:
        """Whether the disk has the same. Four looks at the file system, some 10 µs."""
        return _stamp(self._path) == self._stamp

    async def answer(self, scope: Message, receive: Receive, send: Send) -> None:
        """As servestatic answers; only what it would have sent from the disk is here already.

        A range it takes from the disk itself.
        """

        async def send_kept(event: Message) -> None:
            if event["type"] == PATHSEND:
                event = {"type": "http.response.body", "body": self._bodies[event["path"]]}
            await send(event)

        await super().answer({**scope, "extensions": {PATHSEND: {}}}, receive, send_kept)


def _stamp(path: str) -> list[tuple[int, int] | None]:
    return [_times(path + ending) for ending in ENCODINGS]


def _times(path: str) -> tuple[int, int] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def security_headers() -> list[tuple[bytes, bytes]]:
    """What the middlewares that all else passes add to every answer. HSTS where https is a must."""

    class Secure(HttpRequest):
        scheme = "https"

    made = SecurityMiddleware(lambda request: HttpResponse()).process_response(
        Secure(), HttpResponse()
    )
    del made["Content-Type"]
    every = {**made.headers, **EVERYWHERE}
    return [(name.lower().encode(), value.encode()) for name, value in every.items()]


def _is_sent_to_https(scope: Message) -> bool:
    """By Django, which knows where to."""
    return settings.SECURE_SSL_REDIRECT and not ASGIRequest(scope, BytesIO()).is_secure()
