"""All attacks, by name."""

import asyncio

from chat.tests.abuse.attack import Attack
from chat.tests.abuse.dawdling import DAWDLING
from chat.tests.abuse.frames import FRAMES
from chat.tests.abuse.hints import HINTS
from chat.tests.abuse.joins import JOINS
from chat.tests.abuse.posts import POSTS
from chat.tests.abuse.requests import REQUESTS
from chat.tests.abuse.visitor import Visitor


async def rests(visitor: Visitor) -> None:
    await asyncio.sleep(1)


NOBODY = Attack("nobody attacks", rests)  # what to compare with
FAMILIES: dict[str, list[Attack]] = {
    "frames": FRAMES,
    "joins": JOINS,
    "posts": POSTS,
    "requests": REQUESTS,
    "dawdling": DAWDLING,
}
AT_REDIS = HINTS
ATTACKS = {
    attack.name: attack for family in [[NOBODY], *FAMILIES.values(), HINTS] for attack in family
}
