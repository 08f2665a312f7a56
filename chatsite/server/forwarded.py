"""Where a request really comes from, behind proxies that say so. Pure."""

import ipaddress
from functools import lru_cache

REMEMBERED = 4096  # addresses: to read one takes 10 µs, and each request has some to be read


def client_address(peer: str | None, forwarded_for: list[str], hops: int) -> str | None:
    """The client's address, as the outermost of `hops` trusted proxies saw it.

    `forwarded_for`: the values of all X-Forwarded-For headers. Each proxy adds at the right end
    whom it was called by; what stands further left was sent by the client, who can forge it.
    Where there are fewer entries than hops, or no address in that place, it is `peer`.
    """
    if hops:
        entries = [entry.strip() for value in forwarded_for for entry in value.split(",")]
        if len(entries) >= hops:
            return _address(entries[-hops]) or _address(peer)
    return _address(peer)


@lru_cache(REMEMBERED)
def _address(text: str | None) -> str | None:
    """An IP address in its plain form, of `1.2.3.4`, `1.2.3.4:567`, `::1` or `[::1]:567`."""
    text = text or ""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)
