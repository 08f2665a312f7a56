"""Names: how one is written, which are refused, and which look alike. Pure: no Django here.

A name is prepared as RFC 8266 (PRECIS Nickname, on the FreeformClass of RFC 8264) says and then
held to stricter rules, because all others in the room have to look at it. Likeness is that of
Unicode Technical Standard 39, section 4: two names are confusable if their skeletons are equal.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from confusable_homoglyphs import utils as confusables
from precis_i18n import get_profile

LENGTH = 32  # code points, as prepared
MARKS = 4  # UTS 39, 5.4: no written language needs more on one letter

_as_typed = get_profile("NicknameCasePreserved")
_case_folded = get_profile("NicknameCaseMapped:CaseFold")

# "Text style" and "emoji style": keyboards add them to emoji, and they change no letter.
_STYLE = re.compile("[\ufe0e\ufe0f]")
# Symbols and letters to Unicode, a blank to the eye: an object's place, the empty Braille cell,
# a null note head, Khitan filler, Egyptian blanks.
_BLANK = re.compile("[\ufffc\u2800\U0001d159\U00016fe4\U00013441\U00013442]")


class NameInvalid(ValueError):
    """Its text tells the person why the name can't be had."""


class Keys(NamedTuple):
    """Names of different people may have neither key in common.

    Both are needed: "ADA" and "ada" differ in look, and only by their case; "AIice" (with a
    capital i) has the look of "Alice", which ends as soon as the case is folded.
    """

    name_key: str
    look_key: str


@lru_cache(maxsize=10_000)
def check(text: str) -> str:
    """Return the name as it is shown; raise `NameInvalid` if it can't be one."""
    # Before any work is put into it: one character may become 18, and PRECIS is slow.
    if len(text) > 4 * LENGTH or len(unicodedata.normalize("NFKC", text)) > 4 * LENGTH:
        raise NameInvalid(f"A name has at most {LENGTH} characters.")
    text = _STYLE.sub("", text)
    if not text.strip():
        raise NameInvalid("A name needs at least one character.")
    for char in text:
        if unicodedata.category(char) in {"Cc", "Cf", "Cs"}:
            raise NameInvalid(f"A name can't have invisible characters (U+{ord(char):04X}).")
    try:
        name = _as_typed.enforce(text)
        _case_folded.enforce(name)
    except UnicodeEncodeError as error:
        char = error.object[error.start : error.start + 1]
        raise NameInvalid(f"A name can't have “{char}” (U+{ord(char):04X}) there.") from None
    if len(name) > LENGTH:
        raise NameInvalid(f"A name has at most {LENGTH} characters, this has {len(name)}.")
    if blank := _BLANK.search(name):
        raise NameInvalid(f"A name can't have invisible characters (U+{ord(blank[0]):04X}).")
    if _is_mark(name[0]):
        raise NameInvalid("A name can't begin with an accent.")
    for is_mark, run in groupby(unicodedata.normalize("NFD", name), _is_mark):
        marks = list(run)
        if is_mark and (len(marks) > MARKS or len(set(marks)) < len(marks)):
            raise NameInvalid("A name can't have that many accents on one letter.")
    return name


def keys(name: str) -> Keys:
    """The keys of a name that `check` returned."""
    return Keys(
        name_key=_skeleton(_case_folded.enforce(name)),
        look_key=_skeleton(name).casefold(),
    )


def _is_mark(char: str) -> bool:
    return unicodedata.category(char) in {"Mn", "Me"}


def _skeleton(text: str) -> str:
    """UTS 39, section 4. The default-ignorables it would drop, `check` has refused already."""
    return _nfd("".join(_PROTOTYPES.get(char, char) for char in _nfd(text)))


def _nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def _prototypes() -> dict[str, str]:
    """Which character or characters each confusable one looks like.

    The package keeps UTS 39's table in both directions: a source has one partner, its
    prototype; a prototype has all its sources. Where both have one, the source is first, as
    the table is kept in its order. U+200E is there for the table's readers.
    """
    prototypes: dict[str, str] = {}
    for char, partners in confusables.load("confusables.json").items():
        partner, *more = {entry["c"].replace("\u200e", "") for entry in partners}
        if not more and partner not in prototypes:
            prototypes[char.replace("\u200e", "")] = partner
    return prototypes


_PROTOTYPES = _prototypes()
