"""A socket: frames in, verbs of the relay, frames out. It only translates."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import Error as DatabaseError

from chat.log.append import Outcome
from chat.policy.connections import connection_limiter
from chat.policy.newcomers import newcomers
from chat.protocol import incoming, outgoing
from chat.protocol.errors import FrameError
from chat.relay.process import get_relay
from chat.web import wishes
from chat.web.answering import STATUS
from chat.web.asgi import Message, Receive, Send
from chat.web.joining import Joining
from chat.web.origin import deny, names_origin, same_origin
from chat.web.tab import Tab
from chat.web.wishes import Wish

IN_A_ROW = 2  # frames; `receive` doesn't wait while there is more, and others do
UNANSWERED = 32  # posts and changes; a client that sends more is not read until some are settled
logger = logging.getLogger(__name__)


class ChatConsumer(AsyncWebsocketConsumer):
    """One socket. Its frames are handled one after the other; nothing it sends can close it.

    `tab` is whose it is, and what the relay sends to.
    """

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        # Not the stock one: it makes a channel for each socket, which fails while Redis is down,
        # and its dispatch hops to a thread for each frame.
        self.scope, self.base_send = scope, send
        self.relay = get_relay()
        self.tab = Tab(scope, send)
        self._joining = Joining(self.relay, self.tab)
        self._admitted = False
        self._unanswered = asyncio.Semaphore(UNANSWERED)
        try:
            while True:
                for _ in range(IN_A_ROW):
                    await self.dispatch(await receive())
                await asyncio.sleep(0)
        except StopConsumer:
            pass
        finally:
            self._leave()

    async def dispatch(self, message: Message) -> None:
        try:
            await getattr(self, message["type"].replace(".", "_"))(message)
        except StopConsumer:
            raise
        except Exception:
            logger.exception("%s could not be handled", message["type"])
            if message["type"] == "websocket.connect":  # which awaits an answer
                await deny(self.scope, self.base_send, 503)

    # --- the socket ------------------------------------------------------------------------------
    async def connect(self) -> None:
        if not same_origin(self.scope):
            await deny(self.scope, self.base_send, 403 if names_origin(self.scope) else 400)
            return
        if self.relay.ending:
            await deny(self.scope, self.base_send, 503)
            return
        try:
            connection_limiter.admit(self.tab.address)
        except FrameError as wrong:
            await deny(self.scope, self.base_send, STATUS[wrong.code])
            return
        self._admitted = True
        await self.relay.group.add()
        await self.accept()
        self.relay.welcome(self.tab)
        self._joining.expect()

    async def websocket_disconnect(self, message: Message) -> None:
        raise StopConsumer  # the stock one hops to the thread that all of Django shares

    def _leave(self) -> None:
        """Whatever happened: give back all that this socket held."""
        self.relay.leave(self.tab)
        self._joining.stop()
        if self._admitted:
            connection_limiter.release(self.tab.address)
        self.tab.stop()

    # --- frames ----------------------------------------------------------------------------------
    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.tab.closing or self.relay.ending:
            return  # unanswered, so the client sends it again on its next socket
        frame: incoming.ClientFrame | None = None
        try:
            if text_data is None:
                raise FrameError("not_json")
            frame = incoming.parse(text_data)
            await HANDLERS[frame.kind](self, frame)
        except FrameError as wrong:
            self.tab.refuse(wrong, frame)
            if frame is None and wrong.kind == "join":
                await self._joining.join_in_vain()
        except DatabaseError:  # the relay speaks of an outage, once
            self.tab.refuse(FrameError("busy", retry_after=1), frame)
        except Exception:
            logger.exception("a frame could not be handled")
            self.tab.refuse(FrameError("busy", retry_after=1), frame)

    async def _join(self, frame: incoming.Join) -> None:
        await self._joining.join(frame)

    async def _write(self, wish: Wish) -> None:
        if self.tab.name is None and self.tab.guest:
            raise FrameError("name_required")
        await self.relay.started()
        await self._unanswered.acquire()  # it may take a while: what may be is asked after that
        refusal = wishes.refusal(self.relay, self.tab, self.tab.name, wish)
        entry = wishes.entry_of(self.tab, self.tab.name, wish)
        try:
            self.relay.write(entry, partial(self._settle, wish), refusal)
        except Exception:
            self._unanswered.release()
            raise

    def _settle(self, wish: Wish, outcome: Outcome) -> None:
        self._unanswered.release()
        if isinstance(outcome, FrameError):
            self.tab.refuse(outcome, wish)
            return
        self.tab.send_text(outgoing.accepted(wish.nonce, outcome.seq, outcome.rev))
        if not isinstance(wish, incoming.Post):
            return
        newcomers.spoke(self.tab.member_id)
        if self.tab.has_cookie:
            self.relay.people.spoke(self.tab.member_id)

    async def _typing(self, frame: incoming.Typing) -> None:
        if self.tab.name is not None:
            self.relay.people.typing.types(self.tab.member_id, self.tab.name)

    async def _ping(self, frame: incoming.Ping) -> None:
        await self.relay.started()
        self.relay.ping(self.tab)


HANDLERS: dict[str, Callable[[ChatConsumer, Any], Awaitable[None]]] = {
    "join": ChatConsumer._join,
    **dict.fromkeys(("post", "edit", "remove", "react"), ChatConsumer._write),
    "typing": ChatConsumer._typing,
    "ping": ChatConsumer._ping,
}
