"""How much there may be of everything on the wire. Pure."""

import re

from chat.protocol import names, text

PROTOCOL = 1
LIMITS = {
    "name": names.LENGTH,
    "text": text.LENGTH,
    "frame": 16384,
    "edit_seconds": 900,
    "reactions": 20,
}  # characters, characters, bytes, seconds, different emoji of one message
BATCH_MESSAGES = 500
BATCH_BYTES = 128 * 1024
NUMBER_LIMIT = 2**53  # JavaScript's integers end here
# What a closing socket says, and the WebSocket close code that follows it.
CLOSE_CODES = {
    "banned": 4003,
    "slow": 4008,
    "resync": 4010,
    "restart": 4012,
    "idle": 4020,
    "flood": 4029,
}
NONCE = re.compile(r"[A-Za-z0-9-]{8,64}\Z")
