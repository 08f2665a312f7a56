"""Names of hosts: which are one, and how one is shown so that it can't pass for another. Pure.

static/chat/messages/hosts.js does the same for the page. It has the same lists; a test compares
them.
"""

import unicodedata
from typing import NamedTuple

import idna
import regex

LONGEST = 253  # characters (RFC 1035, 2.3.4, without the bytes that only the wire has)

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


class Host(NamedTuple):
    ascii: str
    shown: str


def is_top(label: str) -> bool:
    """Whether a name that ends in this label is taken for an address without a scheme, too."""
    return label.lower() in _TOP


def read_host(typed: str) -> Host | None:
    """A host as browsers look it up and as readers see it; None where it is none."""
    if typed.isascii():
        return None if _is_disguised(typed.lower()) else Host(typed, typed)
    if len(typed) > LONGEST:  # to write a long one in ASCII takes the square of its length
        return None
    try:
        in_ascii = idna.encode(typed.lower(), uts46=True).decode()
    except idna.IDNAError:
        return None
    # An address in other digits is disguised, whatever it is.
    if _ends_in_number(in_ascii):
        return None
    return Host(in_ascii, typed if _is_plain(typed) else in_ascii)


def _is_disguised(host: str) -> bool:
    """What ends in a number is an IPv4 address, and in another form than four bytes a disguise."""
    return _ends_in_number(host) and not _QUAD.fullmatch(host)


def _ends_in_number(host: str) -> bool:
    return bool(_NUMBER.fullmatch(host.rpartition(".")[2]))


def _is_plain(typed: str) -> bool:
    labels = typed.lower().split(".")
    return (
        # As typed: in lower case the Kelvin sign is a plain k.
        typed == unicodedata.normalize("NFKC", typed)
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
