"""What a browser does to get a page and its files: little more than reading and counting bytes."""

import asyncio
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import brotli

CONNECTIONS = 6  # at most, as browsers have of HTTP/1.1
FRESH = 3600  # seconds after which somebody comes back
NAMED = re.compile(r'<(?:script|link)\b[^>]*?\b(?:src|href)="([^"]+)"')
DECODERS = {
    None: bytes,
    "gzip": lambda body: zlib.decompress(body, 31),
    "br": brotli.decompress,
}
HEADERS = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/149.0.0.0 Safari/537.36",
    "Accept: text/html,application/xhtml+xml,*/*;q=0.8",
    "Accept-Encoding: gzip, deflate, br",
    "Accept-Language: en-US,en;q=0.9",
    "Connection: keep-alive",
)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return DECODERS[self.headers.get("content-encoding")](self.body).decode()

    def is_fresh(self) -> bool:
        """Whether nothing is asked when somebody comes back."""
        control = self.headers.get("cache-control", "")
        age = re.search(r"max-age=(\d+)", control)
        return bool(age) and int(age[1]) > FRESH and "no-" not in control

    def validators(self) -> list[str]:
        pairs = (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified"))
        return [f"{ask}: {self.headers[name]}" for ask, name in pairs if name in self.headers]


@dataclass
class Browser:
    """One visitor's: its cookies and its cache stay, its connections end with each visit."""

    host: str
    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    cache: dict[str, Answer] = field(default_factory=dict)
    requests: int = 0
    bytes: int = 0  # of bodies

    async def visit(self, read: Callable[[], object]) -> str:
        """The page, at which `read` is called, and all that it names; return the page's text."""
        link = await self._connect()
        page = await self._get(link, "/")
        read()
        paths = [path for path in dict.fromkeys(NAMED.findall(page.text)) if path.startswith("/")]
        wanted = [path for path in paths if not self._has(path)]
        queue = iter(wanted)
        links = [link]
        for _ in wanted[1:CONNECTIONS]:
            links.append(await self._connect())
        await asyncio.gather(*(self._get_all(link, queue) for link in links))
        for _, writer in links:
            writer.close()
        return page.text

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _has(self, path: str) -> bool:
        return path in self.cache and self.cache[path].is_fresh()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self.host, self.port)

    async def _get_all(self, link, paths) -> None:
        for path in paths:
            await self._get(link, path)

    async def _get(self, link, path: str) -> Answer:
        """What is there now: as it came, or out of the cache where that still holds."""
        reader, writer = link
        known = self.cache.get(path)
        lines = [f"GET {path} HTTP/1.1", f"Host: {self.host}:{self.port}", *HEADERS]
        lines += known.validators() if known else []
        lines += [f"Cookie: {self.cookie}"] if self.cookies else []
        writer.write("\r\n".join([*lines, "", ""]).encode())
        answer = await self._read(reader)
        self.requests += 1
        self.bytes += len(answer.body)
        if answer.status == 304 and known:
            return known
        if answer.status != 200:
            raise ConnectionError(f"{path}: {answer.status}")
        self.cache[path] = answer
        return answer

    async def _read(self, reader: asyncio.StreamReader) -> Answer:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin1").split("\r\n")
        headers = {}
        for line in head[1:-2]:
            name, _, value = line.partition(": ")
            if name.lower() == "set-cookie":
                self.cookies.update([value.partition(";")[0].split("=", 1)])
            headers[name.lower()] = value
        status = int(head[0].split()[1])
        if headers.get("transfer-encoding") == "chunked":
            return Answer(status, headers, await self._read_chunks(reader))
        size = 0 if status == 304 else int(headers["content-length"])
        return Answer(status, headers, await reader.readexactly(size))

    async def _read_chunks(self, reader: asyncio.StreamReader) -> bytes:
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
        return body
