"""What waits to be stored: a message, or a change of one. Pure."""

from dataclasses import dataclass

from chat.protocol.incoming import ChangeFrame, Edit


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that waits to be stored; `text` is normalised."""

    author: str
    name: str
    nonce: str
    text: str
    reply_to: int | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What is stored once, however often it comes."""
        return self.author, self.nonce

    @property
    def size(self) -> int:
        """In bytes, of what is new."""
        return len(self.text.encode())


@dataclass(frozen=True, slots=True)
class Change:
    """What a member wants changed. It is idempotent by what it says; its nonce is not stored."""

    author: str
    what: ChangeFrame

    @property
    def key(self) -> tuple[str, ChangeFrame]:
        """All that it says: under the same nonce something else may be wanted."""
        return self.author, self.what

    @property
    def size(self) -> int:
        return len(self.what.text.encode()) if isinstance(self.what, Edit) else 0


Entry = Draft | Change
Key = tuple[str, str | ChangeFrame]


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry is in the log: message `seq`. It is `fresh` where that wasn't so before.

    `rev` is the number of a change, or the message's last where nothing had to change; a new
    message's is its seq, and not told.
    """

    seq: int
    rev: int | None = None
    fresh: bool = False
