"""Emoji that are several joined by a zero-width joiner: those of Unicode's list (UTS 51). Pure.

A joiner anywhere else is an invisible character like others.
"""

import re

from chat.protocol.emoji import RGI

JOINER = "\u200d"
# "Text style" and "emoji style": keyboards add them to emoji, and they change no letter.
STYLE = re.compile("[\ufe0e\ufe0f]")
_TONE = "[\U0001f3fb-\U0001f3ff]?"
_JOINED = re.compile(f".{_TONE}(?:{JOINER}.{_TONE})+")


def take_out(text: str) -> tuple[str, dict[str, str]]:
    """`text` with a stand-in for each such emoji, and what each stands for.

    Stand-ins are single symbols that `text` doesn't have, and that no normalisation changes.
    """
    text = STYLE.sub("", text)
    stand_ins = (char for char in map(chr, range(0x2801, 0x2900)) if char not in text)
    found = {emoji: next(stand_ins) for emoji in set(_JOINED.findall(text)) & _LISTED.keys()}
    plain = _JOINED.sub(lambda match: found.get(match[0], match[0]), text)
    return plain, {stand_in: _LISTED[emoji] for emoji, stand_in in found.items()}


def put_back(text: str, emoji: dict[str, str]) -> str:
    """Undo `take_out`. The emoji are written as Unicode's list has them."""
    return "".join(emoji.get(char, char) for char in text)


def apart(name: str) -> str:
    """Each emoji as those it is made of: so it looks where no font has it."""
    return STYLE.sub("", name).replace(JOINER, "")


_LISTED = {STYLE.sub("", emoji): emoji for emoji in RGI if JOINER in emoji}
