"""Redis as the channel layer, where each hint is sealed (chat/relay/seal.py).

Whoever reaches the Redis can publish there. What isn't ours is dropped unread and counted: it
shows nobody a message, and raises nothing that the channel layer would be given up for.
"""

import logging
import secrets
import time
from collections import Counter
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer
from django.conf import settings
from django.utils.encoding import force_bytes

from chat.relay.seal import Broken, Opener, Sealer, keys_of

MINUTE = 60.0  # seconds between two lines of the log
logger = logging.getLogger(__name__)


class SealedLayer(RedisPubSubChannelLayer):
    """`receive` returns None for what was dropped; `dropped` counts it, by the reason."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        keys = keys_of([force_bytes(secret) for secret in found])
        self._sealer, self._opener = Sealer(keys[0], secrets.token_bytes(8)), Opener(keys)
        self.dropped: Counter[str] = Counter()
        self._told, self._tell_at = 0, 0.0

    def serialize(self, message: dict[str, Any]) -> bytes:
        return self._sealer.seal(super().serialize(message))

    def deserialize(self, message: object) -> dict[str, Any] | None:
        try:
            hint: dict[str, Any] = super().deserialize(self._opener.open(message))
        except Broken as reason:
            self._drop(str(reason))
            return None
        return hint

    def _drop(self, reason: str) -> None:
        self.dropped[reason] += 1
        now = time.monotonic()
        if now < self._tell_at:
            return
        self._tell_at = now + MINUTE
        total = self.dropped.total()
        logger.warning(
            "hints that can't be believed: %d more, the last one is %s (unsigned or forged: by"
            " somebody else who reaches Redis, or a process of another release or SECRET_KEY;"
            " old: do the clocks differ?)",
            total - self._told,
            reason,
        )
        self._told = total
