"""Django's handler of requests; what everybody asks for is answered in the event loop alone.

Django tells of each request's begin and end by signals, whose receivers look after the database
connections of request threads. To call them means to change to a thread and back, three times a
request: more than all the rest of it costs. Only the admin has such threads; everything else reads
the database by the relay's own (chat/relay/threads.py).
"""

import asyncio
import contextlib
from typing import Any

from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.urls import set_script_prefix

from chatsite.server.asgi import Message

THREADED = "/admin/"


def is_threaded(path_info: str) -> bool:
    """Whether what is there is made in a thread, with a connection of that thread.

    `path_info`: Django's, without the prefix under which the whole site is served.
    """
    return path_info.startswith(THREADED)


class Handler(ASGIHandler):
    """Overrides nothing of what makes an answer: middleware, views and errors are Django's."""

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        if is_threaded(scope["path"].removeprefix(get_script_prefix(scope))):
            await super().__call__(scope, receive, send)
        else:
            with contextlib.suppress(RequestAborted):
                await self._handle_here(scope, receive, send)

    async def _handle_here(self, scope: Message, receive: Any, send: Any) -> None:
        """Raises `RequestAborted` where who asked is gone."""
        with await self.read_body(receive) as body:
            set_script_prefix(get_script_prefix(scope))
            made: Any = self.create_request(scope, body)
            request, problem = made
            if problem:
                await self.send_response(problem, send)
                return
            answer = asyncio.ensure_future(self.get_response_async(request))
            gone = asyncio.ensure_future(self.listen_for_disconnect(receive))
            try:
                await asyncio.wait([answer, gone], return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    await gone
                await self.send_response(await answer, send)
            finally:
                for task in (answer, gone):
                    task.cancel()
                await asyncio.gather(answer, gone, return_exceptions=True)
