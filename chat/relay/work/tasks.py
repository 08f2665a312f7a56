"""What a process does all the time."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

Work = Callable[[], Coroutine[Any, Any, None]]
logger = logging.getLogger(__name__)


class Tasks:
    """A task for each work, until they are stopped."""

    def __init__(self, *works: Work):
        self._tasks = [asyncio.create_task(_survive(work)) for work in works]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _survive(work: Work) -> None:
    """Whatever happens to it, it goes on."""
    while True:
        try:
            await work()
        except Exception:
            logger.exception("%s failed; it goes on", work.__qualname__)
            await asyncio.sleep(1)
