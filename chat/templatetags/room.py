"""Filters for the first paint of the page; grouping.js, avatar.js and links.js do the same."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import regex
from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from chat.protocol import links

register = template.Library()

HUES = 12
PAUSE = timedelta(minutes=5)


@register.filter
def hue(member_id: str) -> int:
    """The colour of a member: a number that the style sheet knows as `hue-0` to `hue-11`."""
    total = 0
    for character in member_id:
        total = (total * 31 + ord(character)) % HUES
    return total


@register.filter
def initials(name: str) -> str:
    words = [regex.findall(r"\X", word) for word in name.split()]
    letters = (
        [words[0][0], words[-1][0]]
        if len(words) > 1
        else [letter for word in words for letter in word[:2]]
    )
    return "".join(map(_large, letters))


def _large(letter: str) -> str:
    """In upper case; but a letter that would become two, as the sharp s does, stays."""
    upper = letter.upper()
    return letter if len(upper) > len(letter) else upper


@register.filter
def grouped(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of `message`, `opens` (begins what one person said without a pause) and `day`."""
    rows: list[dict[str, Any]] = []
    before: dict[str, Any] | None = None
    for message in messages:
        turns_day = before is None or _day(before) != _day(message)
        goes_on = before is not None and not turns_day and _continues(before, message)
        rows.append(
            {
                "message": message,
                "opens": not goes_on,
                "day": _day_in_words(message["at_time"]) if turns_day else "",
            }
        )
        before = message
    return rows


@register.filter
def coloured(names: list[str], messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """People with the member id of those who have spoken, from whom they take their colour."""
    ids = {message["name"]: message["by"] for message in messages}
    return [{"name": name, "id": ids.get(name, "")} for name in sorted(names, key=str.casefold)]


@register.filter
@lru_cache(maxsize=128)  # each page has the same fifty, and a text made for it takes 30 ms
def linked(text: str) -> SafeString:
    """A text as it was typed, with its links. Its shape is painted by the page alone."""
    return format_html_join("", "{}", ((_piece(one),) for one in links.pieces(text)))


def _piece(piece: links.Piece) -> str:
    if not piece.href:
        return piece.text
    title = format_html(' title="{}"', piece.href) if piece.shown != piece.text else ""
    return format_html(
        '<bdi dir="ltr"><a href="{}" target="_blank" rel="noopener noreferrer nofollow ugc"{}>'
        "{}</a></bdi>",
        piece.href,
        title,
        piece.shown,
    )


def _day(message: dict[str, Any]) -> date:
    return timezone.localtime(message["at_time"]).date()


def _continues(before: dict[str, Any], message: dict[str, Any]) -> bool:
    same: bool = before["by"] == message["by"] and before["name"] == message["name"]
    pause: timedelta = message["at_time"] - before["at_time"]
    return same and pause <= PAUSE


def _day_in_words(at: datetime) -> str:
    day, today = timezone.localtime(at).date(), timezone.localdate()
    words = {today: "Today", today - timedelta(days=1): "Yesterday"}
    return words.get(day) or date_format(day, "l, j F Y")
