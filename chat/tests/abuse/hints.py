"""Somebody who reaches the site's Redis."""

import asyncio

from redis.asyncio import Redis

from chat.tests.abuse.attack import Attack
from chat.tests.abuse.control import FORGED, SAID
from chat.tests.abuse.visitor import Visitor

GARBAGE = [b"", b"\x00", b"garbage", b"\x81\xa4type\xa4look", b"\x81\xa4type\x01", bytes(100_000)]


async def lies(visitor: Visitor) -> None:
    """What passes is published again, ten times as it is, and with other words in it."""
    async with Redis.from_url(visitor.redis) as link, link.pubsub() as heard:
        await heard.psubscribe("*")
        async for passed in heard.listen():
            if passed["type"] != "pmessage" or FORGED in passed["data"]:
                continue
            channel, data = passed["channel"], passed["data"]
            visitor.loot["bytes"] += len(data)
            # What it publishes comes back to it, too: so it would never end.
            await heard.punsubscribe("*")
            for lie in [data.replace(SAID, FORGED), *GARBAGE, *[data] * 10]:
                await link.publish(channel, lie)
            await asyncio.sleep(0.05)
            return


HINTS = [Attack("hints by somebody at Redis, repeated, changed and garbage", lies, 5)]
