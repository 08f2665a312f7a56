"""Seals on hints: a Redis may be reached by others, who must not be believed. Pure.

A sealed hint has its sender's mark, the time, a number that its sender uses once, and an
HMAC-SHA-256 over all of it. It is opened only where that is right; nothing else in it is looked at
before.
"""

import hmac
import struct
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import count

PURPOSE = b"chat.relay.hints"  # the same secret signs cookies, too: the keys are not the same
AGE = 30.0  # seconds that a hint may be on its way, and that two machines' clocks may differ
LARGEST = 8 * 1024 * 1024  # bytes; the largest tells of all people of a process
WINDOW = 64  # hints of one sender that may overtake each other
SENDERS = 1000  # that are remembered

# What stands before a seal, so that a process of the release before, which knows none, takes it
# for a hint of a kind that it doesn't know (MessagePack: {"type": "sealed", "hint": …}).
ENVELOPE = b"\x82\xa4type\xa6sealed\xa4hint\xc6"
_LENGTH = struct.Struct(">I")
_HEADER = struct.Struct(">8sdQ")  # sender, time, number
_DIGEST = 32
_BEGIN = len(ENVELOPE) + _LENGTH.size
_SIGNED = _BEGIN + _DIGEST


class Broken(ValueError):
    """Not to be believed; the text is a word that says why."""


def keys_of(secrets: Sequence[bytes]) -> list[bytes]:
    """The keys that secrets make; the first is the one to seal with."""
    return [hmac.digest(secret, PURPOSE, "sha256") for secret in secrets]


class Sealer:
    """Seals what one process sends. May be used by several threads."""

    def __init__(self, key: bytes, sender: bytes, clock: Callable[[], float] = time.time) -> None:
        """`sender` is 8 bytes that no other process has; `clock` is every machine's."""
        self._key, self._sender, self._clock, self._numbers = key, sender, clock, count(1)

    def seal(self, payload: bytes) -> bytes:
        signed = _HEADER.pack(self._sender, self._clock(), next(self._numbers)) + payload
        digest = hmac.digest(self._key, signed, "sha256")
        return ENVELOPE + _LENGTH.pack(len(digest) + len(signed)) + digest + signed


class Opener:
    """Opens what other processes, or this one, have sealed, each once."""

    def __init__(self, keys: Sequence[bytes], clock: Callable[[], float] = time.time) -> None:
        self._keys, self._clock = keys, clock
        # By sender: the highest number, and which of those below it were there (a bit each): the
        # anti-replay window of RFC 4303, 3.4.3.
        self._windows: OrderedDict[bytes, tuple[int, int]] = OrderedDict()

    def open(self, sealed: object) -> bytes:
        """The payload. Raises `Broken` where it isn't ours, is too old, or was there before."""
        if not isinstance(sealed, bytes) or not _SIGNED + _HEADER.size <= len(sealed) <= LARGEST:
            raise Broken("unsigned")
        if not sealed.startswith(ENVELOPE):
            raise Broken("unsigned")
        digest, signed = sealed[_BEGIN:_SIGNED], sealed[_SIGNED:]
        made = (hmac.digest(key, signed, "sha256") for key in self._keys)
        if not any(hmac.compare_digest(digest, expected) for expected in made):
            raise Broken("forged")
        sender, at, number = _HEADER.unpack_from(signed)
        if not abs(self._clock() - at) <= AGE:
            raise Broken("old")
        self._note(sender, number)
        return signed[_HEADER.size :]

    def _note(self, sender: bytes, number: int) -> None:
        highest, seen = self._windows.get(sender, (0, 0))
        ahead = number - highest
        if ahead > 0:
            highest, seen = number, seen << min(ahead, WINDOW) & (1 << WINDOW) - 1 | 1
        elif -ahead >= WINDOW or seen >> -ahead & 1:
            raise Broken("repeated")
        else:
            seen |= 1 << -ahead
        self._windows[sender] = highest, seen
        self._windows.move_to_end(sender)
        if len(self._windows) > SENDERS:
            self._windows.popitem(last=False)
