"""What the tests are made with: real servers (servers, site), real people (people)."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(condition: Callable[[], T], deadline: float = 10) -> T:
    """Wait until `condition()` is true and return what it returned.

    The one place in the tests that sleeps: to sleep and hope hides a race.
    """
    end = time.monotonic() + deadline
    while not (result := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline} s: {condition}")
        time.sleep(0.02)
    return result


async def until(condition: Callable[[], T], deadline: float = 5) -> T:
    """`eventually`, for tests that share their event loop with what they wait for."""
    end = time.monotonic() + deadline
    while not (result := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline} s: {condition}")
        await asyncio.sleep(0.001)
    return result
