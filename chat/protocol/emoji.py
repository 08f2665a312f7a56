"""What one emoji is. Pure."""

from emoji import EMOJI_DATA, STATUS

# Unicode TS 51, "recommended for general interchange" (RGI), as emoji-test.txt has them: sequences
# with joiners, flags, skin tones and keycaps are one. Only in the one form that keyboards send, so
# that nobody's heart is another one than everybody's.
RGI = frozenset(
    one for one, about in EMOJI_DATA.items() if about["status"] == STATUS["fully_qualified"]
)


def is_emoji(text: str) -> bool:
    """Whether it is one emoji, fully qualified, and nothing else: otherwise it is `not_emoji`."""
    return text in RGI
