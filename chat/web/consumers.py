"""A socket: frames in, verbs of the relay, frames out. It only translates."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import Error as DatabaseError

from chat.log.append import Draft
from chat.members.claims import Claim
from chat.members.cookie import member_of_headers, member_of_token
from chat.models import new_member_id
from chat.policy.connections import connection_limiter
from chat.policy.rates import rates
from chat.protocol import bounds, incoming, outgoing
from chat.protocol.errors import FrameError
from chat.protocol.incoming import Since
from chat.relay.relay import get_relay
from chat.relay.writer import Stored
from chat.web.asgi import Message, Receive, Send
from chat.web.origin import deny, names_origin, same_origin
from chat.web.outlet import Clogged, Outlet, make_outlet

DEFERRED = 1000  # frames that wait while a `hello` and its messages are on their way
JOIN_PAUSE = 1.0  # seconds that a join beyond the rate takes
IN_A_ROW = 8  # frames; `receive` doesn't wait while there is more, and others do
FAREWELL = 5.0  # seconds that a `bye` may take
UNANSWERED = 32  # posts; a client that sends more is not read until some are settled
logger = logging.getLogger(__name__)


class ChatConsumer(AsyncWebsocketConsumer):
    """One socket. Its frames are handled one after the other; nothing it sends can close it.

    `member_id` is who it is: by cookie (with which the name, too, is kept for days), by the token
    of its first join, or, as a `guest`, for this connection. `name` is set while it has joined
    under one. The relay calls `send_text`, `renamed` and `dismiss`.
    """

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        # Not the stock one: it makes a channel for each socket, which fails while Redis is down,
        # and its dispatch hops to a thread for each frame.
        self.scope, self.base_send = scope, send
        self.relay = get_relay()
        self.address = (scope.get("client") or [None])[0]
        cookie = member_of_headers(scope["headers"])
        self.has_cookie = cookie is not None
        self.guest = cookie is None
        self.member_id = cookie or new_member_id()
        self.name: str | None = None
        self._outlet: Outlet | None = None
        self._closing: asyncio.Task[None] | None = None
        self._deferred: list[str] | None = None
        self._admitted = self._greeted = self._spoke = False
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
            if self._outlet is None:
                await deny(self.scope, self.base_send, 503)

    # --- the socket ------------------------------------------------------------------------------
    async def connect(self) -> None:
        if not same_origin(self.scope):
            await deny(self.scope, self.base_send, 403 if names_origin(self.scope) else 400)
            return
        if self.relay.ending:
            await deny(self.scope, self.base_send, 503)
            return
        if not connection_limiter.admit(self.address):
            await deny(self.scope, self.base_send, 429)
            return
        self._admitted = True
        await self.relay.group.add()
        await self.accept()
        self._outlet = make_outlet(self.scope, self.base_send)
        self.relay.welcome(self)

    async def websocket_disconnect(self, message: Message) -> None:
        raise StopConsumer  # the stock one hops to the thread that all of Django shares

    def _leave(self) -> None:
        """Whatever happened: give back all that this socket held."""
        self.relay.leave(self)
        if self._admitted:
            connection_limiter.release(self.address)
        if self._outlet:
            self._outlet.stop()

    # --- what the relay calls --------------------------------------------------------------------
    def send_text(self, text: str) -> None:
        if self._deferred is None:
            self._write(text)
        elif len(self._deferred) < DEFERRED:
            self._deferred.append(text)
        else:
            self.dismiss("slow", "You don't read what is sent to you.")

    def _write(self, text: str) -> None:
        if self._closing or self._outlet is None:
            return
        try:
            self._outlet.write(text)
        except Clogged:
            self._closing = asyncio.create_task(self.close(bounds.CLOSE_CODES["slow"]))

    def renamed(self, name: str) -> None:
        self.send_text(outgoing.you(self.member_id, name))

    def dismiss(self, code: str, message: str, retry_after: float | None = None) -> None:
        if self._closing is None:
            self._write(outgoing.bye(code, message, retry_after))
            self._closing = asyncio.create_task(self._close(bounds.CLOSE_CODES[code]))

    async def _close(self, code: int) -> None:
        with contextlib.suppress(TimeoutError):
            if self._outlet:
                await asyncio.wait_for(self._outlet.flushed(), FAREWELL)
        await self.close(code)

    # --- frames ----------------------------------------------------------------------------------
    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self._closing or self.relay.ending:
            return  # unanswered, so the client sends it again on its next socket
        frame: incoming.ClientFrame | None = None
        try:
            if text_data is None:
                raise FrameError("not_json")
            frame = incoming.parse(text_data)
            await HANDLERS[frame.kind](self, frame)
        except FrameError as wrong:
            self._refuse(wrong, frame)
            if frame is None and wrong.kind == "join":
                await self._join_in_vain()
        except DatabaseError:  # the relay speaks of an outage, once
            self._refuse(FrameError("busy", retry_after=1), frame)
        except Exception:
            logger.exception("a frame could not be handled")
            self._refuse(FrameError("busy", retry_after=1), frame)

    def _refuse(self, wrong: FrameError, frame: incoming.ClientFrame | None) -> None:
        if frame is not None:
            wrong.kind, wrong.nonce = frame.kind, frame.nonce
        self._write(outgoing.refusal(wrong))

    async def _join(self, frame: incoming.Join) -> None:
        await self.relay.started()
        is_forged = not self._identify(frame.token)
        if self._is_banned():
            return
        try:
            if is_forged:
                raise FrameError("bad_field", "`token` is none of ours, or too old.")
            rates.join(self.address, None if self.guest else self.member_id)
            await self._take_name(frame.name)
        except FrameError as wrong:
            self._refuse(wrong, frame)
            if wrong.code == "rate_limited" and self._greeted:
                await asyncio.sleep(JOIN_PAUSE)  # its answer is large; the others don't wait
        await self._answer(frame.since)

    async def _join_in_vain(self) -> None:
        """Every join is answered by a `hello`, a malformed one, too."""
        with contextlib.suppress(FrameError):  # `busy`, and the client was told of an error
            await self.relay.started()
            if not self._is_banned():
                await self._answer(None)

    def _identify(self, token: str | None) -> bool:
        """Be who the token of the first join names; a cookie counts more. False: it is forged."""
        if token is None or self._greeted or self.has_cookie:
            return True
        member_id = member_of_token(token)
        if member_id is None:
            return False
        self.member_id, self.guest = member_id, False
        return True

    def _is_banned(self) -> bool:
        try:
            self.relay.bans.check(self.member_id, self.address)
        except FrameError as banned:
            self.dismiss("banned", banned.message, banned.retry_after)
            return True
        return False

    async def _take_name(self, wanted: str | None) -> None:
        if wanted is None and (self.name or self.guest):
            return
        name = incoming.check_name(wanted)
        claimed = await self.relay.people.claim(Claim(self.member_id, name, self.address))
        if claimed.taken:
            raise FrameError("name_taken")
        if claimed.name:
            self.relay.people.named(self, claimed)

    async def _answer(self, since: Since | None) -> None:
        """`hello`, then whatever brings this client to where the room is."""
        if self._greeted and since is None:
            self._write(self._hello(resumed=True))
            return
        resumed = await self.relay.tail.resumable(since)
        if self._is_banned():  # since it was asked first; from `attend` on, the relay sees to it
            return
        # From here on, what comes meanwhile waits: nothing stands between `hello` and messages,
        # and they end at the number where the next batch begins.
        self._deferred, self._greeted = [], True
        self.relay.attend(self)
        missed = self.relay.tail.catch_up(since if resumed else None)
        try:
            self._write(self._hello(resumed=resumed))
            for batch in missed:
                self._write(batch.frame)
                if self._outlet:
                    await self._outlet.flushed()
                await asyncio.sleep(0)  # up to 1,000 messages: others have their turn in between
        finally:
            deferred, self._deferred = self._deferred, None
        for text in deferred:
            self._write(text)

    def _hello(self, *, resumed: bool) -> str:
        you = {"id": self.member_id, "name": self.name} if self.name else None
        return self.relay.hello(you, resumed=resumed)

    async def _post(self, frame: incoming.Post) -> None:
        if self.name is None and self.guest:
            raise FrameError("name_required")
        await self.relay.started()
        await self._unanswered.acquire()  # it may take a while: what may be is asked after that
        draft = Draft(self.member_id, self.name or "", frame.nonce, frame.text)
        try:
            self.relay.post(draft, partial(self._settle, frame), self._refusal())
        except Exception:
            self._unanswered.release()
            raise

    def _refusal(self) -> FrameError | None:
        """Why this client may not post now, if it may not."""
        if self.name is None:
            return FrameError("name_required")
        try:
            self.relay.bans.check(self.member_id, self.address)
            rates.post(self.member_id, self.relay.room)
        except FrameError as wrong:
            return wrong
        return None

    def _settle(self, post: incoming.Post, outcome: Stored | FrameError) -> None:
        self._unanswered.release()
        if isinstance(outcome, FrameError):
            self._refuse(outcome, post)
            return
        self._write(outgoing.accepted(post.nonce, outcome.seq))
        if self.has_cookie and not self._spoke:
            self._spoke = True
            self.relay.people.spoke(self.member_id)

    async def _ping(self, frame: incoming.Ping) -> None:
        await self.relay.started()
        self.relay.ping(self.send_text)


HANDLERS: dict[str, Callable[[ChatConsumer, Any], Awaitable[None]]] = {
    "join": ChatConsumer._join,
    "post": ChatConsumer._post,
    "ping": ChatConsumer._ping,
}
