"""The process's begin and end, as ASGI tells of them."""

from chat.relay.process import get_relay, running_relay
from chat.web.asgi import Message, Receive, Send


async def lifespan(scope: Message, receive: Receive, send: Send) -> None:
    """The relay is there before anybody comes, and stores what waits when all have gone."""
    for happens in "startup", "shutdown":
        await receive()
        await HAPPENS[happens]()
        await send({"type": f"lifespan.{happens}.complete"})


async def farewell() -> None:
    """Everybody is still here, and nobody new may come: see `Relay.farewell`."""
    if relay := running_relay():
        await relay.farewell()


async def _begin() -> None:
    get_relay()


async def _end() -> None:
    if relay := running_relay():
        await relay.stop()


HAPPENS = {"startup": _begin, "shutdown": _end}
