"""Web addresses in a text, on the server: as the page finds them."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.protocol import hosts, links

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough

TESTS = Path(__file__).parents[1]
CASES = json.loads((TESTS / "page/cases/links.json").read_text())
HOSTS = (TESTS.parents[1] / "static/chat/messages/hosts.js").read_text()


def found(text: str) -> list[links.Piece]:
    return [piece for piece in links.pieces(text) if piece.href]


@pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])
def test_an_address_ends_where_its_reader_sees_it_end(case):
    expected = [
        links.Piece(one["text"], one.get("href", one["text"]), one.get("shown", one["text"]))
        for one in case["links"]
    ]
    assert found(case["text"]) == expected


@pytest.mark.parametrize("name", ["TOPS", "SCRIPTS", "WELL_KNOWN"])
def test_the_page_has_the_same_list(name):
    (theirs,) = re.findall(rf"const {name} = `(.*?)`", HOSTS, re.DOTALL)
    assert theirs.split() == getattr(hosts, name)


def test_the_page_has_the_same_look_alike_letters():
    assert f'"{hosts.LOOK_LATIN}"' in HOSTS
    marked, unmarked = "".join(hosts.BARE_LETTERS), "".join(hosts.BARE_LETTERS.values())
    assert f'["{marked}", "{unmarked}"]' in HOSTS


@given(
    st.lists(st.sampled_from([*"a.:/@?#()[]*~'-_ é东א\u202e1s", "'s", "https://", "example.org"]))
)
def test_the_pieces_are_the_text(parts):
    text = "".join(parts)
    pieces = links.pieces(text)
    assert "".join(piece.text for piece in pieces) == text
    for piece in pieces:
        if piece.href:
            assert re.match(r"https?://[!-~]+", piece.href, re.IGNORECASE | re.ASCII)
            assert "@" not in re.split(r"[/?#]", piece.href)[2]


def test_what_is_behind_the_fiftieth_address_is_text():
    text = "a.de," * 800
    pieces = links.pieces(text)
    assert "".join(piece.text for piece in pieces) == text
    assert len(found(text)) == links.MOST
