"""The rules of the room, as they are in force in this process."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.utils import timezone

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
        self._read_at: datetime | None = None  # and since when
        self._banned: set[tuple[object, ...]] = set()  # what the bans say
        self.room: dict[str, Any] = {}
        self.bans = Bans()

    async def follow(self, now: Head) -> None:
        """Put those into force that the log's head tells of. Raises `DatabaseError`."""
        if self._read == (now.epoch, now.version):
            return
        begun = timezone.now()
        anew = self._read is None or self._read[0] != now.epoch
        kept = await self._threads.run(Room.objects.get)
        room = kept.as_fields()
        bans = await self._threads.run(list, Ban.in_force())
        found = await self._threads.run(read, None if anew else self._read_at)
        # No `await` from here on: what was found is in force, and who it is about is shut out.
        self.bans = Bans(bans)
        signed_out = generations.learn(found, anew=anew)
        if self.room and room != self.room:
            self._broadcast.send(outgoing.room(**room))
        self.room = room
        rates.tight = kept.pressure == Room.Pressure.TIGHT
        before, self._banned = self._banned, {_said_by(ban) for ban in bans}
        self._shut_out(signed_out, other_bans=self._banned != before)
        self._read, self._read_at = (now.epoch, now.version), begun

    def _shut_out(self, signed_out: Collection[str], *, other_bans: bool) -> None:
        """Whoever is here, and is signed out now or, where there are `other_bans`, banned."""
        for socket in list(self._broadcast.sockets):
            if socket.member_id in signed_out and generations.revoked(
                socket.member_id, socket.generation
            ):
                socket.dismiss("resync", SIGNED_OUT)
                continue
            if not other_bans:
                continue
            try:
                self.bans.check(socket.member_id, socket.address)
            except FrameError as banned:
                socket.dismiss("banned", banned.message, banned.retry_after)


def _said_by(ban: Ban) -> tuple[object, ...]:
    return ban.member_id, ban.network, ban.reason, ban.expires_at
