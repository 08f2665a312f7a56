"""Plain HTTP, as fast as it goes."""

import asyncio
import re
import urllib.parse
from functools import partial

from chat.tests.abuse.attack import Attack
from chat.tests.abuse.visitor import Refused, Visitor

RANGES = ",".join(f"{start}-{start}" for start in range(0, 2000, 2))
MANY_HEADERS = {f"X_{number}": "x" * 30 for number in range(400)}


async def asks(visitor: Visitor, path: str, method: str = "GET", **headers: str) -> None:
    """One request after the other by a kept connection, until it is refused."""
    link = await visitor.connect()
    status = 0
    while status < 400 or status in (404, 416):
        await link.send(visitor.request(path, method, **headers))
        status, _, _ = await link.answer()
    raise Refused(path)


async def asks_for_a_file(visitor: Visitor, **headers: str) -> None:
    page = await visitor.get("/")
    found = re.search(rb'/static/[^"]+\.js', page)
    assert found, page[-400:]
    await asks(visitor, found[0].decode(), **headers)


async def pipelines(visitor: Visitor) -> None:
    link = await visitor.connect()
    await link.send(visitor.request("/") * 200)
    await link.drink()


async def closes_its_half(visitor: Visitor) -> None:
    link = await visitor.connect()
    await link.send(visitor.request("/"))
    link.say_no_more()
    await link.answer()
    visitor.hang_up()


async def goes_before_the_answer(visitor: Visitor) -> None:
    link = await visitor.connect()
    await link.send(visitor.request("/api/messages?before=9999&limit=500"))
    visitor.hang_up()
    await asyncio.sleep(0.01)


async def polls(visitor: Visitor) -> None:
    latest = await visitor.get("/api/messages")
    found = re.search(rb'"epoch":"(\w+)","seq":(\d+)', latest)
    assert found
    after = f"after={int(found[2])}&epoch={found[1].decode()}"
    await visitor.get(f"/api/messages?{after}&wait=25")


async def guesses(visitor: Visitor) -> None:
    """Passwords, with the token of one form."""
    form = await visitor.get("/admin/login/")
    found = re.search(rb"csrftoken=(\w+)", form)
    assert found
    token = found[1].decode()
    guess = {"username": "owner", "password": "letmein", "csrfmiddlewaretoken": token}
    sent = {"Cookie": f"csrftoken={token}", "Content_Type": "application/x-www-form-urlencoded"}
    body = urllib.parse.urlencode(guess).encode()
    while True:
        try:
            await visitor.get("/admin/login/", "POST", body, **sent)
        except Refused:
            await asyncio.sleep(0.5)


OLDER = "/api/messages?before=99999&limit=500"
REQUESTS = [
    Attack("`/`", partial(asks, path="/"), 40, crowd=True),
    Attack("`/`, 200 requests in one write", pipelines, 10),
    Attack("`/`, half closed", closes_its_half, 40, ends=5),
    Attack("`/` with 400 headers", partial(asks, path="/", **MANY_HEADERS), 20),
    Attack("a script", asks_for_a_file, 40, crowd=True),
    Attack("a thousand ranges of a script", partial(asks_for_a_file, Range=f"bytes={RANGES}"), 20),
    Attack("pages that are not there", partial(asks, path="/wp-login.php"), 40),
    Attack("the older messages", partial(asks, path=OLDER), 20, crowd=True, full=True),
    Attack("gone before the answer", goes_before_the_answer, 20, full=True),
    Attack("long polls", polls, 600, ends=10, crowd=True),
    Attack("new members", partial(asks, path="/api/member", method="POST"), 20),
    Attack("posts without a body", partial(asks, path="/api/messages", method="POST"), 20, ends=5),
    Attack("`/readyz`", partial(asks, path="/readyz"), 40),
    Attack("pages of the admin", partial(asks, path="/admin/login/"), 40),
    Attack("wrong passwords", guesses, 150, ends=5, crowd=True),
]
