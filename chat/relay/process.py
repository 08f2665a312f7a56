"""Which relay is this process's."""

import asyncio

from chat.relay.relay import Relay

_relays: dict[asyncio.AbstractEventLoop, Relay] = {}


def get_relay() -> Relay:
    """The relay of this process. It is made as that starts (chat/web/lifespan.py), or, under a
    server that doesn't tell of it, with its first use."""
    loop = asyncio.get_running_loop()
    if loop not in _relays:
        _relays[loop] = Relay()
    return _relays[loop]


def running_relay() -> Relay | None:
    """The relay of this process, if it has been used."""
    return _relays.get(asyncio.get_running_loop())
