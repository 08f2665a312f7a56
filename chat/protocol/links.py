"""Web addresses in a text. Pure.

static/chat/messages/links.js and hosts.js do the same for the page;
chat/tests/page/cases/links.json is the test of both, and says what a reader takes for an address.
"""

import unicodedata
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import idna
import regex

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
_LABEL = (
    r"(?!https?://)[\p{L}\p{N}]"
    r"(?:(?:(?!https?://)[\p{L}\p{N}\p{M}_-])*(?!https?://)[\p{L}\p{N}\p{M}])?"
)
_HOST = regex.compile(
    rf"(https?://)?({_LABEL}(?:\.{_LABEL})*)(?::([0-9]{{1,5}})(?![0-9]))?", regex.IGNORECASE
)
# Where an address seems to begin right behind one of these, it doesn't.
_JOINED_SCHEME = regex.compile(r"[a-z0-9]", regex.IGNORECASE | regex.ASCII)
_JOINED_BARE = regex.compile(r"[\p{L}\p{N}\p{M}@/:=&#%?+$._-]")
_AFTER_HOST = regex.compile(r"[@/?#]")
_TRAILING = "'.,;:!?*_~|^&([{"
# Behind a known top level, letters of another script are the next word.
_NEXT_WORD = regex.compile(r"\.([a-z]+)[^\0-~][^.]*\Z", regex.IGNORECASE | regex.ASCII)
_OPENED_BY = {")": "(", "]": "[", "}": "{"}

TOPS = """
  ac ad ae af ag al am ao aq ar at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz
  ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu
  fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu
  id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt
  lu lv ly ma mc me mg mh mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu
  nz om pa pe pf pg ph pk pl pm pn pr pt pw qa re ro ru rw sa sb sc sd se sg si sj sk sl sm sn sr st
  su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vn vu
  wf ws ye yt za zm zw
  com org net edu gov mil int info biz aero coop museum travel cat asia tel
  app dev web blog cloud online site website shop tech xyz art chat club news social wiki agency
  games email berlin hamburg wien london paris nyc tokyo amsterdam bayern swiss
  рф рус укр бел срб мкд бг ελ ею қаз გე հայ 中国 中國 台灣 台湾 香港 新加坡 한국 삼성 みんな
  ไทย भारत ישראל مصر السعودية امارات ایران المغرب الجزائر تونس قطر عمان
""".split()
SCRIPTS = """
  Cyrillic Greek Arabic Hebrew Armenian Georgian Thai Lao Khmer Myanmar Sinhala Ethiopic
  Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam
""".split()
LOOK_LATIN = "аеорсухіїјѕԁһӏԛԝѵѡҽпгьвкмнтёґԍαγικνορτυχωέίόύοօոսհցյք"
WELL_KNOWN = """
  adobe airbnb aliexpress amazon americanexpress apple baidu bankofamerica bbc binance bing
  bitbucket blogger booking chase cnn coinbase discord disney dropbox ebay etsy facebook fedex
  github gitlab gmail google hotmail icloud imdb instagram kraken linkedin live mastercard medium
  metamask microsoft mozilla netflix nytimes office openai outlook paypal pinterest quora reddit
  revolut roblox shopify signal skype slack snapchat spotify stackoverflow steamcommunity stripe
  telegram tiktok tumblr twitch twitter uber visa vk wellsfargo whatsapp wikipedia wordpress yahoo
  yandex youtube zoom
""".split()
BARE_LETTERS = dict(zip("ıłđðøħŧĸŋƒ", "ilddohtknf", strict=True))

_TOP, _KNOWN = frozenset(TOPS), frozenset(WELL_KNOWN)
_LETTERS = [
    "a-zß-öø-ÿ\u0100-\u024f\u1e00-\u1eff",
    r"\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}ー",
    r"\p{sc=Han}\p{sc=Hangul}",
    r"\p{sc=Han}\p{sc=Bopomofo}",
    *(rf"\p{{sc={script}}}\p{{M}}" for script in SCRIPTS),
]
_ONE_SCRIPT = regex.compile("|".join(f"[{letters}0-9_-]+" for letters in _LETTERS))
_LOOK_LATIN = regex.compile(f"[{LOOK_LATIN}0-9_-]+")
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_QUAD = regex.compile(rf"{_BYTE}(?:\.{_BYTE}){{3}}")
_NUMBER = regex.compile("[0-9]+|0x[0-9a-f]*")


class Piece(NamedTuple):
    """A part of a text; `href` and what is `shown` for it are empty where it is no address."""

    text: str
    href: str = ""
    shown: str = ""


class _Host(NamedTuple):
    ascii: str
    shown: str


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
        if top and top[1].lower() in _TOP:
            link = _read(scheme, name[: top.end(1)], "", "")
        else:
            link = _read(scheme, name, port, _path(run, found.end()))
        if link:
            yield index, link
            end = index + len(link.text)


def _is_joined(before: str, scheme: str) -> bool:
    return bool((_JOINED_SCHEME if scheme else _JOINED_BARE).match(before))


def _read(scheme: str, name: str, port: str, path: str) -> Piece | None:
    """A name without a scheme is an address if it ends in a known top level and looks like it."""
    if not scheme and not ("." in name and name.rpartition(".")[2].lower() in _TOP):
        return None
    host = _read_host(name) if int(port or 0) < 65_536 else None
    if not host or (not scheme and host.shown != name):
        return None
    at = port and f":{port}"
    return Piece(
        text=f"{scheme}{name}{at}{path}",
        href=f"{scheme or 'https://'}{host.ascii}{at}{path}",
        shown=_shorten(f"{scheme}{host.shown}{at}", path),
    )


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


def _read_host(typed: str) -> _Host | None:
    host = typed.lower()
    # What ends in a number is an IPv4 address, and in another form than this one a disguised one.
    if _NUMBER.fullmatch(host.rpartition(".")[2]) and not _QUAD.fullmatch(host):
        return None
    if host.isascii():
        return _Host(typed, typed)
    try:
        in_ascii = idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return None
    return _Host(in_ascii, typed if _is_plain(host) else in_ascii)


def _is_plain(host: str) -> bool:
    labels = host.split(".")
    return (
        host == unicodedata.normalize("NFKC", host)
        and all(_ONE_SCRIPT.fullmatch(label) for label in labels)
        and not any(_is_lookalike(label) for label in labels)
    )


def _is_lookalike(label: str) -> bool:
    if label.isascii():
        return False
    return bool(_LOOK_LATIN.fullmatch(label)) or _bare(label) in _KNOWN


def _bare(label: str) -> str:
    letters = unicodedata.normalize("NFD", label)
    return "".join(
        BARE_LETTERS.get(one, one) for one in letters if unicodedata.category(one)[0] != "M"
    )
