"""The bans that are in force, in memory: who may take part is asked for every frame. Pure."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Protocol

from chat.policy import addresses
from chat.protocol.errors import FrameError

COME_AGAIN = 3600.0  # seconds; who is banned for longer need not ask more often


class Ban(Protocol):
    member_id: str | None
    network: str
    reason: str
    expires_at: datetime | None


class Bans:
    """Finds the ban against somebody, by member or by where they come from."""

    def __init__(self, bans: Iterable[Ban] = ()) -> None:
        self._members: dict[str, list[Ban]] = {}
        self._networks: dict[addresses.Network, list[Ban]] = {}
        for ban in bans:
            if ban.member_id:
                self._members.setdefault(ban.member_id, []).append(ban)
            if ban.network:
                self._networks.setdefault(addresses.network(ban.network), []).append(ban)
        self._lengths = {(network.version, network.prefixlen) for network in self._networks}

    def check(self, member_id: str | None, address: str | None) -> None:
        """Raise `FrameError("banned")`, with the reason, if a ban is in force against them."""
        now = datetime.now(UTC)
        for ban in self._against(member_id, address):
            if ban.expires_at is None or ban.expires_at > now:
                raise _banned(ban, now)

    def _against(self, member_id: str | None, address: str | None) -> Iterable[Ban]:
        yield from self._members.get(member_id or "", ())
        ip = addresses.parse(address) if self._lengths else None
        if ip is None:
            return
        for version, length in self._lengths:
            if version == ip.version:
                yield from self._networks.get(addresses.surrounding(ip, length), ())


def _banned(ban: Ban, now: datetime) -> FrameError:
    words = ["You are banned."]
    again = COME_AGAIN
    if ban.reason:
        words.append(f"Reason: {ban.reason.rstrip('.')}.")
    if ban.expires_at:
        words.append(f"Until {ban.expires_at.astimezone(UTC):%-d %B %Y, %H:%M} UTC.")
        again = min(again, (ban.expires_at - now).total_seconds())
    return FrameError("banned", " ".join(words), retry_after=math.ceil(10 * max(1.0, again)) / 10)
