"""Who may connect: while there are descriptors, and not too many from one network."""

import ipaddress
from collections import Counter
from functools import lru_cache
from http import HTTPStatus

from twisted.internet.address import IPv4Address, IPv6Address

from chatsite.server import descriptors
from chatsite.server.terms import Terms
from chatsite.server.transport import Transport, handle

# How many times as much as one address a network may have, by the bytes that its addresses share:
# an IPv4 address; an IPv6 /64, which is one client's; a /56 and a /48, which one customer may have.
SHARES = {4: 1, 8: 1, 7: 2, 6: 4}
REMEMBERED = 4096  # addresses whose networks are known without a look


class Door:
    """Counts connections from the moment they are accepted until they are gone."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._open: dict[Transport, tuple[bytes, ...]] = {}  # and the networks that each counts for
        self._by_network: Counter[bytes] = Counter()

    def enter(self, transport: Transport) -> HTTPStatus | None:
        """Count one more; or the status with which to refuse it. `leave` undoes it."""
        peer = address(transport)
        if descriptors.run_out(handle(transport).fileno()):
            return HTTPStatus.SERVICE_UNAVAILABLE
        if self._terms.connections and len(self._open) >= self._terms.connections:
            self._terms.refused(peer, "the server is full")
            return HTTPStatus.SERVICE_UNAVAILABLE
        # Behind a proxy everybody has its address.
        counted = () if self._terms.trusted_hops else networks(peer)
        own = self._terms.connections_per_address
        if own and any(self._by_network[key] >= own * SHARES[len(key)] for key in counted):
            self._terms.refused(peer, "too many connections")
            return HTTPStatus.TOO_MANY_REQUESTS
        self._open[transport] = counted
        self._by_network.update(counted)
        return None

    def leave(self, transport: Transport) -> None:
        """It is gone; one that was refused or has left already is no matter."""
        for key in self._open.pop(transport, ()):
            self._by_network[key] -= 1
            if not self._by_network[key]:
                del self._by_network[key]


def address(transport: Transport) -> str | None:
    """Who is at the other end: a proxy, where there is one; None at a Unix socket."""
    peer = transport.getPeer()
    return str(peer.host) if isinstance(peer, IPv4Address | IPv6Address) else None


@lru_cache(REMEMBERED)
def networks(peer: str | None) -> tuple[bytes, ...]:
    """What an address is counted for, from the narrowest on: the first bytes of its addresses."""
    if peer is None:
        return ()
    found = ipaddress.ip_address(peer.partition("%")[0])
    packed = (getattr(found, "ipv4_mapped", None) or found).packed
    return (packed,) if len(packed) == 4 else (packed[:8], packed[:7], packed[:6])
