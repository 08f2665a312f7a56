"""What can be wrong with a frame, or with a wish, in a code and in words. Pure."""

from chat.protocol.bounds import LIMITS

EXPLANATIONS = {
    "not_json": "A frame is a text with one JSON object.",
    "not_an_object": "A frame is one JSON object.",
    "unknown_type": "There is no such type of frame.",
    "bad_field": "A field is missing or not of its form.",
    "name_taken": "Someone else has this name, or one that looks like it.",
    "name_invalid": "This can't be a name.",
    "name_required": "Join with a name first.",
    "empty": "There is nothing to see in it.",
    "too_long": f"At most {LIMITS['text']} characters.",
    "invalid_text": "It contains control characters, broken Unicode or heaps of accents.",
    "rate_limited": "Too fast.",
    "slow_mode": "The room is in slow mode.",
    "read_only": "The room is read-only at the moment.",
    "banned": "You can't write here.",
    "nonce_conflict": "Another message was sent under this nonce.",
    "gone": "There is no such message any more.",
    "not_yours": "Somebody else has said this.",
    "too_late": f"It can be changed for {LIMITS['edit_seconds'] // 60} minutes.",
    "not_emoji": "That is not one emoji.",
    "too_many": f"At most {LIMITS['reactions']} different emoji.",
    "busy": "The room can't answer just now.",
    "unknown": "It is not known yet whether this is stored. Ask again, under the same nonce.",
    "cookie_required": "Open the page first: its cookie says who you are.",
    "cross_origin": "Only this site's own pages can post.",
}
ANSWERED = frozenset(("post", "edit", "remove", "react"))  # by `accepted` or `rejected`
REJECTIONS = (
    frozenset(("too_long", "empty", "invalid_text", "not_emoji", "too_many"))
    | {"rate_limited", "slow_mode", "read_only", "banned", "name_required"}
    | {"gone", "not_yours", "too_late", "nonce_conflict", "busy"}
)


class FrameError(Exception):
    """A frame that can't be used, or a wish that can't be granted.

    `code` is one of `EXPLANATIONS`; `kind` the frame's type where it is known; `nonce` and `seq`
    repeat the frame's; `retry_after` is in seconds.
    """

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        kind: str | None = None,
        nonce: str | None = None,
        seq: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message or EXPLANATIONS[code]
        self.kind, self.nonce, self.seq, self.retry_after = kind, nonce, seq, retry_after
