"""Threads for database work, so that nothing async ever waits for a disk or a server.

Not `sync_to_async`: its one thread-sensitive thread is shared by all of Django.
"""

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from chat.log.database import _is_pooled, give_back, let_go, look_after
from chat.protocol.errors import FrameError

P = ParamSpec("P")
T = TypeVar("T")
AGAIN = 1.0  # seconds after which who found too many may come again


class Threads:
    """A few threads, each with a connection of its own while it works.

    `keep`: for good, so that nobody who uses up the pool can make this thread wait. `most`: so many
    jobs are at work or wait, where strangers ask for them.
    """

    def __init__(self, name: str, size: int, *, keep: bool = False, most: float = math.inf):
        self._executor = ThreadPoolExecutor(size, thread_name_prefix=name)
        self._keep, self._most = keep, most
        self._asked = 0

    async def run(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `job` in one of the threads; what it raises is raised here.

        Raises `FrameError("busy")` beyond `most`.
        """
        if self._asked >= self._most:
            raise FrameError("busy", retry_after=AGAIN)
        loop = asyncio.get_running_loop()
        self._asked += 1
        try:
            work = loop.run_in_executor(self._executor, lambda: self._run(job, *args, **kwargs))
            return await work
        finally:
            self._asked -= 1

    def stop(self) -> None:
        """Wait for the work that has begun, then end the threads and their connections."""
        self._executor.shutdown(wait=True)

    def _run(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            result = job(*args, **kwargs)
        except BaseException as error:
            let_go(error)
            raise
        if _is_pooled():
            if self._keep:
                look_after()
            else:
                give_back()  # all threads of the process share a few
        return result
