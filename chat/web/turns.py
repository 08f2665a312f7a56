"""Who makes much work waits for themselves: one piece for an address, then the next.

So somebody else waits for as many pieces as there are addresses, not as there are requests.
"""

import asyncio
from weakref import WeakValueDictionary

from chat.policy import addresses

_locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # those in use


def one_at_a_time(address: str | None) -> asyncio.Lock:
    """What is to be held while something is done for `address`; who waits has it in turn."""
    return _locks.setdefault(addresses.widest(address), asyncio.Lock())
