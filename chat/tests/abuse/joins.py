"""Coming in, again and again, and not coming in."""

import asyncio
import re
import secrets
from itertools import count

from chat.tests.abuse.attack import Attack
from chat.tests.abuse.link import PONG, Link, either, frame
from chat.tests.abuse.visitor import Visitor, post, text

POSITION = re.compile(rb'"epoch":"(\w+)","seq":(\d+)')


def somebody() -> str:
    return f"Mallory {secrets.token_hex(5)}"


async def stays_outside(visitor: Visitor) -> None:
    """It answers pings, and never joins."""
    link = await visitor.shake_hands()

    async def live() -> None:
        while True:
            await link.send(frame(PONG))
            await asyncio.sleep(5)

    await either(live(), link.drink())


async def greeted(link: Link) -> tuple[str, int]:
    """The epoch and the counter, out of its `hello`."""
    async for payload in link.frames():
        if found := POSITION.search(payload):
            return found[1].decode(), int(found[2])
    raise EOFError


async def asks_for_all(visitor: Visitor) -> None:
    """75 bytes that bring megabytes."""
    link = await visitor.join()
    epoch, seq = await greeted(link)
    since = {"epoch": epoch, "seq": max(0, seq - 900)}
    await either(link.keep_sending(text(type="join", since=since)), link.drink())


async def claims_to_be_ahead(visitor: Visitor) -> None:
    link = await visitor.join()
    epoch, _ = await greeted(link)
    since = {"epoch": epoch, "seq": 2**53 - 1}
    await either(link.keep_sending(text(type="join", since=since)), link.drink())


async def comes_and_goes(visitor: Visitor) -> None:
    link = await visitor.join(somebody())
    await greeted(link)
    visitor.hang_up()


async def renames(visitor: Visitor) -> None:
    link = await visitor.join(somebody())
    names = (text(type="join", name=somebody()) for _ in count())

    async def rename() -> None:
        for name in names:
            await link.send(name)
            await asyncio.sleep(0.01)

    await either(rename(), link.drink())


async def takes_a_name(visitor: Visitor) -> None:
    """For weeks: it speaks under it."""
    link = await visitor.join(somebody(), Cookie=await visitor.cookie())
    await link.send(post("mine"))
    async for payload in link.frames():
        if b'"type":"accepted"' in payload or b'"type":"rejected"' in payload:
            visitor.hang_up()
            return


JOINS = [
    Attack("sockets that never join", stays_outside, 600, ends=25, crowd=True),
    Attack("`join` with `since`, again and again", asks_for_all, 20, 12, crowd=True, full=True),
    Attack("`join` from ahead of the room", claims_to_be_ahead, 20, ends=12),
    Attack("come, join under a name, go", comes_and_goes, 20, crowd=True),
    Attack("a new name every 10 ms", renames, 20, ends=12),
    Attack("names taken, one after the other", takes_a_name, 5, crowd=True),
]
