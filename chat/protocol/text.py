"""What can be said: a message's text as it is stored and compared. Pure."""

import re
import unicodedata

LENGTH = 4000  # characters
MARKS = 30
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # all but TAB and LF
# Default-ignorable characters that are letters or symbols by category, yet show nothing.
BLANK = frozenset("\u115f\u1160\u2065\u2800\u3164\uffa0\ufffc\u034f\U0001d159")
INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me"})


class TextInvalid(ValueError):
    """`code` says why: `invalid_text`, `too_long` or `empty`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def normalise(text: str) -> str:
    """NFC, CR LF to LF, white space at both ends cut. Raises `TextInvalid`."""
    text = text.replace("\r\n", "\n")
    if FORBIDDEN.search(text) or _piles_marks(text):
        raise TextInvalid("invalid_text")
    text = unicodedata.normalize("NFC", text).strip()
    if len(text) > LENGTH:
        raise TextInvalid("too_long")
    if not any(map(_shows, text)):
        raise TextInvalid("empty")
    return text


def _shows(character: str) -> bool:
    return character not in BLANK and unicodedata.category(character) not in INVISIBLE


def _piles_marks(text: str) -> bool:
    """More combining marks on one letter than any language has (UAX #15, Stream-Safe Format).

    Putting thousands of them in order takes a tenth of a second, in which nobody is served.
    """
    marks = 0
    for character in "" if text.isascii() else text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks > MARKS:
            return True
    return False
