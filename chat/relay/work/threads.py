"""Threads for database work, so that nothing async ever waits for a disk or a server.

Not `sync_to_async`: its one thread-sensitive thread is shared by all of Django.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from chat.log.database import _is_pooled, give_back, let_go, look_after

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """A few threads, each with a connection of its own while it works.

    `keep`: for good, so that nobody who uses up the pool can make this thread wait.
    """

    def __init__(self, name: str, size: int, *, keep: bool = False):
        self._executor = ThreadPoolExecutor(size, thread_name_prefix=name)
        self._keep = keep

    async def run(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `job` in one of the threads; what it raises is raised here."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: self._run(job, *args, **kwargs))

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
