"""Web addresses in a text. Pure.

static/chat/messages/links.js does the same for the page; chat/tests/page/cases/links.json is the
test of both, and says what a reader takes for an address.
"""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import regex

from chat.protocol.hosts import is_top, read_host

MOST = 50  # links in a text: each is 30 times as long on the page as in the shortest text
SHOWN = 60  # characters of an address, after which its path is shortened
LEAST_PATH = 16

# Nothing of these is in an address: space, what is not seen, quotation marks, dashes, marks of
# code and tags, and the punctuation of languages that put no space after it.
_STOP = (
    r"\p{White_Space}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}<>\"`\\«»‹›‘-‟—―…"
    "、-】〔-〟！，．：；？（）［］｛｝｟-･"
)
_RUN = regex.compile(f"[^{_STOP}]+")
# Not by IGNORECASE: to it the long s (ſ) is an s, and to no browser, in whose eyes that address
# would be a path of ours. The Kelvin sign is a k to it, whatever the ASCII flag says.
_SCHEME = "[hH][tT][tT][pP][sS]?://"
_LABEL = (
    rf"(?!{_SCHEME})[\p{{L}}\p{{N}}]"
    rf"(?:(?:(?!{_SCHEME})[\p{{L}}\p{{N}}\p{{M}}_-])*(?!{_SCHEME})[\p{{L}}\p{{N}}\p{{M}}])?"
)
_HOST = regex.compile(rf"({_SCHEME})?({_LABEL}(?:\.{_LABEL})*)(?::([0-9]{{1,5}})(?![0-9]))?")
# Where an address seems to begin right behind one of these, it doesn't.
_JOINED_SCHEME = regex.compile(r"[A-Za-z0-9]")
_JOINED_BARE = regex.compile(r"[\p{L}\p{N}\p{M}@/:=&#%?+$._-]")
_AFTER_HOST = regex.compile(r"[@/?#]")
_TRAILING = "'.,;:!?*_~|^&([{"
# Behind a known top level, letters of another script are the next word.
_NEXT_WORD = regex.compile(r"\.([A-Za-z]+)[^\0-~][^.]*\Z")
_OPENED_BY = {")": "(", "]": "[", "}": "{"}


class Piece(NamedTuple):
    """A part of a text; `href` and what is `shown` for it are empty where it is no address."""

    text: str
    href: str = ""
    shown: str = ""


def pieces(text: str) -> list[Piece]:
    """A text in pieces, of which at most `MOST` are web addresses. Joined, they are the text."""
    found: list[Piece] = []
    end = 0
    for start, link in islice(_links(text), MOST):
        if start > end:
            found.append(Piece(text[end:start]))
        found.append(link)
        end = start + len(link.text)
    if end < len(text):
        found.append(Piece(text[end:]))
    return found


def _links(text: str) -> Iterator[tuple[int, Piece]]:
    if "." not in text and "://" not in text:
        return
    for run in _RUN.finditer(text):
        for start, link in _in_run(run[0]):
            yield run.start() + start, link


def _in_run(run: str) -> Iterator[tuple[int, Piece]]:
    end, after = 0, -1
    for found in _HOST.finditer(run):
        index = found.start()
        if index < end:
            continue
        scheme, name, port = found[1] or "", found[2], found[3] or ""
        if after < found.start(2):
            mark = _AFTER_HOST.search(run, found.start(2))
            after = mark.start() if mark else len(run)
        has_user = run[after : after + 1] == "@"
        # It makes a browser go elsewhere than its reader thinks: no part of this is a link.
        if has_user and scheme:
            return
        if has_user or (index and _is_joined(run[index - 1], scheme)):
            continue
        top = _NEXT_WORD.search(name)
        is_cut = bool(top and is_top(top[1]))
        link = (
            _read(scheme, name[: top.end(1)], "") if top and is_cut else _read(scheme, name, port)
        )
        if not link:
            continue
        # Only behind a host: so no character is looked at for two paths, however many names there
        # are in it, and the time is linear.
        link = _with_path(link, "" if is_cut else _path(run, found.end()))
        yield index, link
        end = index + len(link.text)


def _is_joined(before: str, scheme: str) -> bool:
    return bool((_JOINED_SCHEME if scheme else _JOINED_BARE).match(before))


def _read(scheme: str, name: str, port: str) -> Piece | None:
    """A name without a scheme is an address if it ends in a known top level and looks like it."""
    if not scheme and not ("." in name and is_top(name.rpartition(".")[2])):
        return None
    host = read_host(name) if int(port or 0) < 65_536 else None
    if not host or (not scheme and host.shown != name):
        return None
    at = port and f":{port}"
    return Piece(
        text=f"{scheme}{name}{at}",
        href=f"{scheme or 'https://'}{host.ascii}{at}",
        shown=f"{scheme}{host.shown}{at}",
    )


def _with_path(host: Piece, path: str) -> Piece:
    return Piece(host.text + path, host.href + path, _shorten(host.shown, path))


def _path(run: str, start: int) -> str:
    """It ends before a bracket that was not opened in it, or a mark of bold or struck text."""
    if run[start : start + 1] not in {"/", "?", "#"}:
        return ""
    opened = dict.fromkeys("([{", 0)
    end = start
    while end < len(run):
        character = run[end]
        if character in opened:
            opened[character] += 1
        elif before := _OPENED_BY.get(character):
            opened[before] -= 1
            if opened[before] < 0:
                break
        elif character in "*~" and run[end + 1 : end + 2] == character:
            break
        end += 1
    while end > start and (run[end - 1] in _TRAILING or run.startswith("'s", end - 2)):
        end -= 1 if run[end - 1] in _TRAILING else 2
    return run[start:end]


def _shorten(host: str, path: str) -> str:
    """In the middle of the path: who reads where it leads, reads it from the host."""
    room = max(SHOWN - len(host), LEAST_PATH)
    if len(path) <= room:
        return host + path
    half = room // 2
    return f"{host}{path[:half]}…{path[1 - half :]}"
