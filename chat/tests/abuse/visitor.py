"""Somebody at an address: connects, asks, shakes hands, joins."""

import json
import re
import secrets
from collections import Counter

from chat.tests.abuse.link import TEXT, Link, frame

KEY = "dGhlIHNhbXBsZSBub25jZQ=="


class Refused(Exception):
    """The server has said no. It is counted already."""


def text(**fields: object) -> bytes:
    """A frame of the protocol."""
    return frame(TEXT, json.dumps(fields, ensure_ascii=False).encode())


def post(words: str, nonce: str = "") -> bytes:
    return text(type="post", nonce=nonce or secrets.token_hex(8), text=words)


class Visitor:
    """`redis` is the address of the site's Redis, for who has reached that."""

    def __init__(self, where: tuple[str, int], address: str, loot: Counter, redis: str = ""):
        self.address, self.redis, self.loot = address, redis, loot
        self._where = where
        self._links: list[Link] = []

    async def connect(self, window: int | None = None) -> Link:
        link = await Link.open(self._where, self.address, self.loot, window)
        self._links.append(link)
        return link

    def hang_up(self) -> None:
        """All connections."""
        while self._links:
            self._links.pop().hang_up()

    # --- requests --------------------------------------------------------------------------------
    def request(self, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> bytes:
        fields = {"Host": f"{self._where[0]}:{self._where[1]}"}
        fields |= {"Content-Length": str(len(body))} if body or method == "POST" else {}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body

    async def get(self, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> bytes:
        """The whole answer to one request by a connection of its own. Raises `Refused`."""
        link = await self.connect()
        try:
            await link.send(self.request(path, method, body, **headers))
            status, head, rest = await link.answer()
        finally:
            link.hang_up()
            self._links.remove(link)
        if status >= 400:
            raise Refused(f"{path}: {status}")
        return head + rest

    async def cookie(self) -> str:
        """That of somebody new, as the page gives it."""
        page = await self.get("/")
        found = re.search(rb"(?i)set-cookie: ([^;]+)", page)
        assert found, page[:400]
        return found[1].decode()

    # --- sockets ---------------------------------------------------------------------------------
    async def shake_hands(self, window: int | None = None, **headers: str) -> Link:
        """A socket. Raises `Refused`."""
        link = await self.connect(window)
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Key": KEY}
        wanted = upgrade | {"Sec_WebSocket_Version": "13"} | headers
        await link.send(self.request("/ws/chat/", **wanted))
        status, _, _ = await link.answer()
        if status != 101:
            raise Refused(f"a handshake: {status}")
        self.loot["sockets"] += 1
        return link

    async def join(
        self, name: str | None = None, window: int | None = None, **headers: str
    ) -> Link:
        """A socket in the room; its answer is not read yet."""
        link = await self.shake_hands(window, **headers)
        await link.send(text(type="join", **({"name": name} if name else {})))
        return link
