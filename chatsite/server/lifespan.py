"""Tells an application of its process's begin and end (ASGI's `lifespan`)."""

import asyncio
import logging

from chatsite.server.asgi import Application, Message

logger = logging.getLogger(__name__)


class StartupFailed(Exception):
    """The application says that it can't start."""


class Lifespan:
    """A task of the application's that lasts as long as the process, where it wants one."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._events: asyncio.Queue[Message] = asyncio.Queue()
        self._answers: asyncio.Queue[Message] = asyncio.Queue()

    async def startup(self) -> None:
        """Wait until the application has started. Raises `StartupFailed`."""
        self._task = asyncio.create_task(self._run())
        answer = await self._ask("lifespan.startup")
        if answer["type"] == "lifespan.startup.failed":
            raise StartupFailed(answer.get("message", ""))

    async def shutdown(self) -> None:
        """Wait until the application has ended."""
        answer = await self._ask("lifespan.shutdown")
        if answer["type"] == "lifespan.shutdown.failed":
            logger.error("the application could not end well: %s", answer.get("message", ""))

    async def _ask(self, question: str) -> Message:
        """The application's answer; an empty one where it has gone, or never came."""
        self._events.put_nowait({"type": question})
        answered = asyncio.create_task(self._answers.get())
        await asyncio.wait([self._task, answered], return_when=asyncio.FIRST_COMPLETED)
        if answered.done():
            return answered.result()
        answered.cancel()
        return {"type": ""}

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}
        try:
            await self._application(scope, self._events.get, self._answers.put)
        except Exception as error:  # so says one that doesn't know of lifespans, too
            logger.warning("the application has no lifespan: %r", error)
