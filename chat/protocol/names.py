"""Names: how one is written, which are refused, and which look alike. Pure: no Django here.

A name is prepared as RFC 8266 (PRECIS Nickname, on the FreeformClass of RFC 8264) says and then
held to stricter rules, because all others in the room have to look at it. Emoji that are joined
of several, which it doesn't know, are let through. Likeness is that of chat/protocol/likeness.py.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from precis_i18n import get_profile

from chat.protocol import joiners
from chat.protocol.likeness import folded, skeleton

LENGTH = 32  # code points, as prepared
MARKS = 4  # UTS 39, 5.4: no written language needs more on one letter

_as_typed = get_profile("NicknameCasePreserved")
_case_folded = get_profile("NicknameCaseMapped:CaseFold")

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
    text, joined = joiners.take_out(text)
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
    if blank := _BLANK.search(name):
        raise NameInvalid(f"A name can't have invisible characters (U+{ord(blank[0]):04X}).")
    if _is_mark(name[0]):
        raise NameInvalid("A name can't begin with an accent.")
    for is_mark, run in groupby(unicodedata.normalize("NFD", name), _is_mark):
        marks = list(run)
        if is_mark and (len(marks) > MARKS or len(set(marks)) < len(marks)):
            raise NameInvalid("A name can't have that many accents on one letter.")
    name = joiners.put_back(name, joined)
    if len(name) > LENGTH:
        raise NameInvalid(f"A name has at most {LENGTH} characters, this has {len(name)}.")
    return name


def keys(name: str) -> Keys:
    """The keys of a name that `check` returned."""
    name = joiners.apart(name)
    return Keys(
        name_key=folded(skeleton(_case_folded.enforce(name))),
        look_key=folded(skeleton(name).casefold()),
    )


def _is_mark(char: str) -> bool:
    return unicodedata.category(char) in {"Mn", "Me"}
