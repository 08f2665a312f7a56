"""One connection, read and written as bytes: what no library would let anybody send."""

import asyncio
import contextlib
import re
import socket
from collections import Counter
from collections.abc import AsyncIterator, Coroutine

LIMIT = 1024 * 1024  # bytes that are read ahead; who is slow says less
CHUNK = 256 * 1024
STATE = (socket.IPPROTO_TCP, socket.TCP_INFO, 1)  # the first byte of Linux' `struct tcp_info`
ESTABLISHED = 1
MASK = bytes(4)  # of zeros: it changes nothing
TEXT, BINARY, PING, PONG = 0x1, 0x2, 0x9, 0xA
# What tells how the server took it, wherever it stands in what is read.
SIGNS = re.compile(rb'HTTP/1\.1 (\d{3})|"type":"(accepted|rejected|error|bye)"')
ANSWERS = {b"404", b"412", b"416"}  # that are no refusals
SIGN = {b"accepted": "accepted", b"rejected": "refused", b"error": "refused", b"bye": "byes"}


def frame(opcode: int, payload: bytes = b"", *, last: bool = True, flags: int = 0) -> bytes:
    """A client's WebSocket frame. `flags` are its three reserved bits."""
    size = len(payload)
    head = bytes([0x80 * last | flags << 4 | opcode])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 65_536:
        head += bytes([0x80 | 126]) + size.to_bytes(2)
    else:
        head += bytes([0x80 | 127]) + size.to_bytes(8)
    return head + MASK + payload


class Link:
    """`loot` counts what came of it: bytes, answered, refused, accepted, byes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, loot: Counter):
        self._reader, self._writer, self._loot = reader, writer, loot

    @classmethod
    async def open(
        cls, where: tuple[str, int], address: str, loot: Counter, window: int | None = None
    ) -> "Link":
        """From `address`; with a `window` no more bytes are taken in than are asked for."""
        link = socket.socket()
        link.setblocking(False)
        if window:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        link.bind((address, 0))
        await asyncio.get_running_loop().sock_connect(link, where)
        streams = await asyncio.open_connection(sock=link, limit=window or LIMIT)
        return cls(*streams, loot)

    def hang_up(self) -> None:
        self._writer.transport.abort()

    # --- out -------------------------------------------------------------------------------------
    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def keep_sending(self, data: bytes) -> None:
        while True:
            await self.send(data)
            await asyncio.sleep(0)  # `drain` gives way only where it waits

    async def trickle(self, data: bytes, pause: float) -> None:
        """A byte at a time."""
        for byte in data:
            await self.send(bytes([byte]))
            await asyncio.sleep(pause)

    def say_no_more(self) -> None:
        """Close the one half of the connection."""
        self._writer.write_eof()

    # --- in --------------------------------------------------------------------------------------
    async def read(self, most: int = CHUNK) -> bytes:
        """What is there. Raises `EOFError` where the server has closed."""
        if not (data := await self._reader.read(most)):
            raise EOFError
        self._note(data)
        return data

    async def drink(self) -> None:
        """Read all that comes, until the server closes."""
        while True:
            await self.read()

    async def sip(self, pause: int, size: int = 1) -> None:
        """Read little, every `pause` seconds, until the server closes: whoever doesn't read what is
        there has to ask the system for that."""
        while True:
            await self.read(size)
            for _ in range(pause):
                if self._writer.get_extra_info("socket").getsockopt(*STATE)[0] != ESTABLISHED:
                    raise EOFError
                await asyncio.sleep(1)

    async def answer(self) -> tuple[int, bytes, bytes]:
        """The status, head and body of one answer."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        self._note(head)
        lower = head.lower()
        if b"transfer-encoding: chunked" in lower:
            body = b"".join([chunk async for chunk in self._chunks()])
        elif found := re.search(rb"content-length: (\d+)", lower):
            body = await self._reader.readexactly(int(found[1]))
        else:
            body = b""
        self._loot["bytes"] += len(body)
        return int(head.split()[1]), head, body

    async def _chunks(self) -> AsyncIterator[bytes]:
        size = -1
        while size:
            size = int(await self._reader.readuntil(b"\r\n"), 16)
            yield (await self._reader.readexactly(size + 2))[:-2]

    async def frames(self) -> AsyncIterator[bytes]:
        """The payloads of the server's frames."""
        while True:
            head = await self._reader.readexactly(2)
            size = head[1]
            if size > 125:
                size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8))
            payload = await self._reader.readexactly(size)
            self._note(payload)
            yield payload

    def _note(self, data: bytes) -> None:
        self._loot["bytes"] += len(data)
        for status, kind in SIGNS.findall(data):
            if kind:
                self._loot[SIGN[kind]] += 1
            else:
                good = status < b"400" or status in ANSWERS
                self._loot["answered" if good else "refused"] += 1


async def either(*works: Coroutine) -> None:
    """Do all of these until one ends, and end as it does."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(BaseException):
                await task
