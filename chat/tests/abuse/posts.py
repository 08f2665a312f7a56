"""Talk without end, by the rules."""

import asyncio

from chat.tests.abuse.attack import Attack
from chat.tests.abuse.joins import somebody
from chat.tests.abuse.link import either
from chat.tests.abuse.visitor import Visitor, post

BIG = "😀" * 4000  # as many characters and bytes as a message may have


async def talks(visitor: Visitor, words: str = "buy this", pause: float = 0.05) -> None:
    """Somebody new, with a rate of their own."""
    link = await visitor.join(somebody())

    async def talk() -> None:
        while True:
            await link.send(post(words))
            await asyncio.sleep(pause)

    await either(talk(), link.drink())


async def shouts(visitor: Visitor) -> None:
    await talks(visitor, BIG, 0.3)


async def says_over_http(visitor: Visitor) -> None:
    """Each message by a new person."""
    words = b'{"nonce":"%s","text":"buy this","name":"%s"}'
    cookie = await visitor.cookie()
    name = somebody()
    body = words % (name.encode()[-10:], name.encode())
    sent = {"Cookie": cookie, "Content_Type": "application/json"}
    await visitor.get("/api/messages", "POST", body, **sent)


POSTS = [
    Attack("100 members post", talks, 100, ends=5, crowd=True),
    Attack("60 members post texts of 16 KB", shouts, 60, ends=5, crowd=True),
    Attack("each message by somebody new, over HTTP", says_over_http, 20),
]
