"""A socket, as the relay knows it."""

from typing import Protocol


class Socket(Protocol):
    """One tab of a member. Sockets with the same cookie, or token, have the same member."""

    member_id: str
    generation: int  # of the cookie or token that it came with
    guest: bool  # somebody for as long as this connection lasts
    address: str | None
    name: str | None  # while it has joined under one

    def send_text(self, text: str) -> bool:
        """Send a frame, without waiting. False: it is behind with reading, and is to be given no
        more messages until it has `flushed`."""

    async def flushed(self) -> None:
        """Wait until nearly all that was sent has left."""

    def renamed(self, name: str) -> None:
        """Another tab of the member has taken a name; it is this one's, too."""

    def dismiss(self, code: str, message: str, retry_after: float | None = None) -> None:
        """Say `bye` and close."""
