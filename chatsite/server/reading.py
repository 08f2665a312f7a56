"""How a socket is read: a few frames at a time, and not while the application is behind."""

import asyncio

from twisted.internet.protocol import Protocol
from websockets.frames import Frame

from chatsite.server.asgi import Message, Receive
from chatsite.server.bucket import Bucket
from chatsite.server.inward import Inward
from chatsite.server.transport import Transport

IN_A_ROW = 32  # frames that are taken at once; then others have their turn
UNREAD_FRAMES = 64  # messages for the application; with more waiting the socket is not read
UNREAD_BYTES = 128 * 1024  # of them
FLOOD = 10.0  # seconds of that until it is closed
BREATH = 0.25  # seconds of reading that don't end a flood: a busy machine takes such breaks
EARLY_BYTES = 64 * 1024  # what may come before the handshake is answered; nobody needs that


class Reading(Protocol):
    """To be extended by what is done with what is read: `take`, `flush` and `flooded`."""

    inward: Inward
    # Twisted's own type is an interface, which says nothing to a type checker.
    transport: Transport  # type: ignore[assignment]
    queue: asyncio.Queue[Message]  # to the application
    pace: Bucket | None = None  # of the messages that the application takes
    _cut = False  # what it sends is of no interest any more
    _unread = 0  # bytes of messages in the queue
    unanswered = False  # the handshake is: what comes meanwhile waits
    heard = 0.0  # when it last sent anything
    _paused = False  # it is not read
    _deaf = False  # nor will it ever be again
    _held = False  # too much waits for the application
    _caught_up = True  # since the flood began the application has once taken all
    _released = 0.0
    _flood_began = 0.0
    _flood_ends: asyncio.TimerHandle | None = None
    _turn: asyncio.Handle | None = None  # takes what has come, when others have had theirs

    def take(self, frame: Frame) -> None:
        raise NotImplementedError

    def flush(self) -> None:
        """Called when some were taken."""
        raise NotImplementedError

    def flooded(self) -> None:
        """Called when it has sent too much for too long."""
        raise NotImplementedError

    def dataReceived(self, data: bytes) -> None:
        self.heard = now()
        if self._deaf:
            return
        self.inward.put(data)
        if self._turn is None and not self._held:
            self.take_some()

    def take_some(self) -> None:
        self._turn = None
        for _ in range(IN_A_ROW):
            frame = None if self._held or self.unanswered else self.inward.take()
            if frame is None:
                break
            self.take(frame)
        self.flush()
        self._go_on()

    def _go_on(self) -> None:
        """Read on where all was taken; the rest is taken when others have had their turn."""
        if self.unanswered:
            if self.inward.unread > EARLY_BYTES:
                self.transport.abortConnection()
            return
        more = bool(self.inward)
        if more and not self._held:
            self._turn = asyncio.get_running_loop().call_soon(self.take_some)
        self._pause(more or self._held or self._deaf)

    def _pause(self, paused: bool) -> None:
        if self._paused is not paused:
            self._paused = paused
            (self.transport.pauseProducing if paused else self.transport.resumeProducing)()

    # --- not while too much waits ----------------------------------------------------------------
    def give(self, message: Message) -> None:
        """Hand a message to the application."""
        self.queue.put_nowait(message)
        self._unread += _size(message)
        if self.queue.qsize() >= UNREAD_FRAMES or self._unread >= UNREAD_BYTES:
            self._hold()

    def counted(self, receive: Receive) -> Receive:
        """The application's `receive`, at a pace, which lets this socket be read again.

        The pace is here, not where frames come in: who sends some dozens at once, and waits for
        their answers, has never too many in the queue.
        """

        async def taken() -> Message:
            event = await receive()
            if event["type"] == "websocket.receive":
                await self._keep_pace()
                self._unread -= _size(event)
            self._caught_up = self._caught_up or self.queue.empty()
            few = 2 * self.queue.qsize() <= UNREAD_FRAMES and 2 * self._unread <= UNREAD_BYTES
            if self._held and few:
                self.release()
            return event

        return taken

    async def _keep_pace(self) -> None:
        """Wait for a token; not where it is closed, and nothing more will come."""
        if self.pace:
            wait = self.pace.wait(now())
            if wait and not self._cut:
                await asyncio.sleep(wait)
            self.pace.take(now())

    def _hold(self) -> None:
        if self._caught_up and now() > self._released + BREATH:
            self._flood_began, self._caught_up = now(), False
        self._held = True
        left = self._flood_began + FLOOD - now()
        self._flood_ends = asyncio.get_running_loop().call_later(left, self.flooded)

    def release(self) -> None:
        if self._held and self._flood_ends:
            self._flood_ends.cancel()
            self._held = False
            self._released = now()
            self._turn = self._turn or asyncio.get_running_loop().call_soon(self.take_some)

    def read_no_more(self) -> None:
        """Nothing that it sends is looked at again; what is to be said to it can still go out."""
        self.stop_reading()
        self._deaf = True
        self._pause(True)

    def stop_reading(self) -> None:
        """It is closed."""
        self.inward.clear()
        self._held = self.unanswered = False
        for timer in self._flood_ends, self._turn:
            if timer:
                timer.cancel()


def _size(message: Message) -> int:
    return len(message.get("text") or message.get("bytes") or "")


def now() -> float:
    return asyncio.get_running_loop().time()
