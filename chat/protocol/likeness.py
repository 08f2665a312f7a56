"""Which texts look alike: Unicode Technical Standard 39, and what it leaves open. Pure.

The standard's skeleton keeps what is hardly seen beside a letter (a dot, a space, an accent), and
knows no letter in a square. `folded` lets go of these too, for names, where the price of a name
that is refused is another name.
"""

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from string import ascii_uppercase

import regex

CONFUSABLES = Path(__file__).parent / "unicode" / "confusables.txt"
_MAPPING = regex.compile(r"^([0-9A-F]+) ;\s*([0-9A-F ]+?) ;", regex.MULTILINE)

DIGITS = "ZERO ONE TWO THREE FOUR FIVE SIX SEVEN EIGHT NINE".split()
WORDS = "AB CL COOL FREE IC ID NEW NG OK PA SA SOS VS WC".split()  # some are emoji: 🆔, 🆗
# What Unicode calls letters and digits of another shape. Those that its decompositions
# lead back to the plain ones (𝓐, Ⓐ, 🄰, ①) PRECIS has made plain.
SHAPES = (
    "LATIN LETTER SMALL CAPITAL {}",
    "NEGATIVE CIRCLED LATIN CAPITAL LETTER {}",
    "NEGATIVE SQUARED LATIN CAPITAL LETTER {}",
    "CROSSED NEGATIVE SQUARED LATIN CAPITAL LETTER {}",
    "REGIONAL INDICATOR SYMBOL LETTER {}",  # a letter in a square, where there is no such flag
    "NEGATIVE SQUARED {}",
    "SQUARED {}",
    "NEGATIVE CIRCLED DIGIT {}",
    "DINGBAT NEGATIVE CIRCLED DIGIT {}",
    "DINGBAT CIRCLED SANS-SERIF DIGIT {}",
    "DINGBAT NEGATIVE CIRCLED SANS-SERIF DIGIT {}",
)

# Spaces, punctuation and accents that stand alone, by category or block, but for the skin tones of
# emoji, which are such modifiers, too; and what only fills an Arabic line.
_UNSEEN = regex.compile(r"(?V1)[[\p{Z}\p{P}\p{Sk}~°\u02b0-\u02ff\u0640]--[\U0001f3fb-\U0001f3ff]]")
# In other scripts marks are vowels, or make another letter: प and पि, は and ば.
_MARKED = regex.compile(r"(^|[\p{Latin}\p{Greek}\p{Cyrillic}\p{Common}])\p{M}+")


def skeleton(text: str) -> str:
    """UTS 39, section 4: two texts are confusable if their skeletons are equal.

    The default-ignorable characters that it would drop, a name can't have.
    """
    return _nfd(_nfd(text).translate(_PROTOTYPES))


def folded(text: str) -> str:
    """A skeleton without what is hardly seen; where that is all there is, as it was."""
    plain = _nfd(_UNSEEN.sub("", text.translate(_SHAPED)))
    return _MARKED.sub(r"\1", plain) or text


def _nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def _prototypes() -> Iterator[tuple[int, str]]:
    """Each confusable character, and the one or several that it looks like."""
    for source, looks in _MAPPING.findall(CONFUSABLES.read_text(encoding="utf-8")):
        yield int(source, 16), "".join(chr(int(code, 16)) for code in looks.split())


def _shaped() -> Iterator[tuple[int, str]]:
    """Each letter or digit of another shape, and the skeleton of the plain one."""
    plain = {word: word.lower() for word in (*ascii_uppercase, *WORDS)}
    plain |= {word: str(digit) for digit, word in enumerate(DIGITS)}
    for shape in SHAPES:
        for word, letters in plain.items():
            try:
                shaped = unicodedata.lookup(shape.format(word))
            except KeyError:
                continue
            for char in {shaped, skeleton(shaped)}:
                if len(char) == 1 and not char.isascii():
                    yield ord(char), skeleton(letters)


_PROTOTYPES = dict(_prototypes())
_SHAPED = dict(_shaped())
