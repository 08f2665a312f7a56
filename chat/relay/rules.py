"""The rules of the room, as they are in force in this process."""

from typing import Any

from chat.log.head import Head
from chat.members.generations import generations, read
from chat.models import Ban, Room
from chat.policy.bans import Bans
from chat.policy.rates import rates
from chat.protocol import outgoing
from chat.protocol.errors import FrameError
from chat.relay.broadcast import Broadcast
from chat.relay.work.threads import Threads

SIGNED_OUT = "This browser was signed out, by another one that was you."


class Rules:
    """`room` has the fields of the room; `bans` says who is banned. Which cookies and tokens are
    good, `generations` says, for the whole process; `rates` know the pressure."""

    def __init__(self, threads: Threads, broadcast: Broadcast):
        self._threads, self._broadcast = threads, broadcast
        self._read: tuple[str, int] | None = None  # which are in force here
        self.room: dict[str, Any] = {}
        self.bans = Bans()

    async def follow(self, now: Head) -> None:
        """Put those into force that the log's head tells of. Raises `DatabaseError`."""
        if self._read == (now.epoch, now.version):
            return
        kept = await self._threads.run(Room.objects.get)
        room = kept.as_fields()
        self.bans = Bans(await self._threads.run(list, Ban.in_force()))
        generations.learn(await self._threads.run(read))
        if self.room and room != self.room:
            self._broadcast.send(outgoing.room(**room))
        self.room = room
        rates.tight = kept.pressure == Room.Pressure.TIGHT
        self._shut_out()
        self._read = now.epoch, now.version

    def _shut_out(self) -> None:
        """Whoever is here, and is banned or signed out now."""
        for socket in list(self._broadcast.sockets):
            if generations.revoked(socket.member_id, socket.generation):
                socket.dismiss("resync", SIGNED_OUT)
                continue
            try:
                self.bans.check(socket.member_id, socket.address)
            except FrameError as banned:
                socket.dismiss("banned", banned.message, banned.retry_after)
