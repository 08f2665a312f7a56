"""What "the same address" is: whom the limits and the bans take for one client. Pure.

An IPv4 address, or an IPv6 network of 64 bits: whoever has one address of it has them all.
"""

import ipaddress
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

BITS = {4: 32, 6: 64}
NETWORKS: dict[int, type[ipaddress.IPv4Network] | type[ipaddress.IPv6Network]] = {
    4: ipaddress.IPv4Network,
    6: ipaddress.IPv6Network,
}
# By how many bits an address counts, from the narrowest on, and how many times the share of one
# client all of such a network may have: a customer may have a /56 of IPv6, or a /48.
SHARES = {4: {32: 1}, 6: {64: 1, 56: 2, 48: 4}}
UNKNOWN = "unknown"
REMEMBERED = 4096  # addresses whose networks are known without a look
MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")  # IPv4 as IPv6 writes it


def parse(text: str | None) -> Address | None:
    """An address in its plain form, without its zone; None where there is none in `text`."""
    try:
        address = ipaddress.ip_address((text or "").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def client(text: str | None) -> Network | None:
    """All addresses that are the same as this one."""
    address = parse(text)
    return surrounding(address, BITS[address.version]) if address else None


def key(text: str | None) -> str:
    """What an address is counted under; the same for all that are the same."""
    return shares(text)[0][0]


@lru_cache(REMEMBERED)
def shares(text: str | None) -> tuple[tuple[str, int], ...]:
    """All that an address counts for, from the narrowest on, each with its share (`SHARES`)."""
    address = parse(text)
    if address is None:
        return ((UNKNOWN, 1),)
    counted = SHARES[address.version].items()
    return tuple((str(surrounding(address, bits)), share) for bits, share in counted)


def widest(text: str | None) -> str:
    """The widest network that an address counts for: all that one customer may have."""
    return shares(text)[-1][0]


def surrounding(address: Address, bits: int) -> Network:
    return NETWORKS[address.version]((address.packed, bits), strict=False)


def network(text: str) -> Network:
    """Whom a ban of `text` shuts out: a network, or an address and all that are the same.

    Raises `ValueError` where it is neither.
    """
    if "/" not in text and (one := client(text)):
        return one
    found = ipaddress.ip_network(text)
    if isinstance(found, ipaddress.IPv6Network) and found.subnet_of(MAPPED):
        return ipaddress.ip_network((found.network_address.packed[12:], found.prefixlen - 96))
    return found


def written(text: str) -> str:
    """What `network` makes of it, as people read and type it; it means the same."""
    found = network(text)
    return (
        str(found.network_address)
        if found.version == 4 and found.num_addresses == 1
        else str(found)
    )
