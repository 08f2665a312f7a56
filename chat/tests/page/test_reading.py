"""What reflows, turns, is translated or shrinks under who reads and writes."""

import itertools
import re

import pytest
from playwright.sync_api import Page, expect

from chat.tests.page.test_page import PHONE, SCROLL, hears, is_connected, joins, log, text_box

pytestmark = pytest.mark.stack("embedded")  # what is behind the site is no matter here

NUMBERS = itertools.count()
LONG = "Lines that are long enough to be broken once more when the phone is turned. "
# What is read: the first text of which a line is seen, and where in the box it is.
PLACE = """() => {
  const edge = document.getElementById("box").getBoundingClientRect().top;
  const isSeen = (text) => text.getBoundingClientRect().bottom > edge + 1;
  const seen = [...document.querySelectorAll("#log .text")].find(isSeen);
  const { top, height } = seen.getBoundingClientRect();
  return [seen.closest("li").id, top > edge ? top - edge : (top - edge) / height];
}"""
PAINTED = """() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)));
})"""
OLD_ENGINE = """
  const supports = CSS.supports.bind(CSS);
  CSS.supports = (...what) => what[0] !== "field-sizing" && supports(...what);
  addEventListener("DOMContentLoaded", () => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("textarea { field-sizing: fixed !important }");
    document.adoptedStyleSheets = [sheet];
  });
"""


def place(page: Page) -> list:
    page.evaluate(PAINTED)
    return page.evaluate(PLACE)


# --- The place where one reads -------------------------------------------------------------------
@pytest.fixture(scope="module")
def told(site):
    """A room with sixty messages of one to five lines."""
    from chat.tests.support import people

    bob = people.join(site, "Bob who tells")
    for number in range(60):
        bob.says(f"{number}: " + LONG * (number % 5 + 1))
    yield bob
    bob.drops()


@pytest.fixture
def reader(told, open_page):
    """Somebody who reads in the middle, on a phone."""
    page = joins(open_page(width=390, height=780), f"Reader {next(NUMBERS)}")
    hears(page, "59: " + (LONG * 5).strip())
    page.evaluate(SCROLL, -4000)
    page.evaluate(PAINTED)
    return page


TURNED = {"width": 780, "height": 390}
UPRIGHT = {"width": 390, "height": 780}


def test_a_phone_that_is_turned_shows_what_it_showed(reader):
    before = place(reader)
    for size in (TURNED, UPRIGHT, TURNED, UPRIGHT):
        reader.set_viewport_size(size)
        now = place(reader)
        assert now[0] == before[0]
    assert now[1] == pytest.approx(before[1], abs=0.02 if before[1] < 0 else 2)


def test_larger_letters_leave_the_place(reader):
    before = place(reader)
    for size in ("200%", "80%", ""):
        reader.evaluate("size => document.documentElement.style.fontSize = size", size)
        assert place(reader)[0] == before[0]


def test_a_notice_and_a_composer_that_grow_leave_the_place(reader):
    before = place(reader)
    notice = "document.getElementById('notice').textContent = 'A notice of some length. '.repeat(8)"
    reader.evaluate(notice)
    assert place(reader)[0] == before[0]
    text_box(reader).fill("one\ntwo\nthree\nfour\nfive")
    assert place(reader)[0] == before[0]
    text_box(reader).fill("")
    reader.evaluate("document.getElementById('notice').textContent = ''")
    now = place(reader)
    assert now[0] == before[0]
    assert now[1] == pytest.approx(before[1], abs=0.02 if before[1] < 0 else 2)


def test_what_comes_while_it_is_turned_leaves_the_place(reader, told):
    before = place(reader)
    reader.set_viewport_size(TURNED)
    told.says("meanwhile")
    expect(reader.get_by_role("button", name="1 new message")).to_be_visible()
    assert place(reader)[0] == before[0]
    reader.set_viewport_size(UPRIGHT)
    assert place(reader)[0] == before[0]


def test_at_the_end_one_stays_at_the_end(reader):
    reader.evaluate(SCROLL, 0)
    for size in (TURNED, UPRIGHT):
        reader.set_viewport_size(size)
        reader.evaluate(PAINTED)
        assert reader.evaluate("document.getElementById('box').scrollTop") == 0


def test_a_place_close_to_the_end_survives_a_turn_in_which_all_fits(told, open_page):
    page = open_page(width=390, height=780)
    hears(page, page.locator("#log .text").last.text_content())
    page.evaluate(SCROLL, -120)
    before = place(page)
    page.set_viewport_size({"width": 1200, "height": 1600})
    page.evaluate(PAINTED)
    page.set_viewport_size(UPRIGHT)
    assert place(page)[0] == before[0]


# --- The composer --------------------------------------------------------------------------------
@pytest.fixture(params=["", OLD_ENGINE], ids=["field-sizing", "measured"])
def writer(browser, site, request):
    """Somebody who writes, in an engine with `field-sizing` or without."""
    context = browser.new_context(viewport=UPRIGHT)
    context.add_init_script(request.param)
    page = context.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.goto(site.url)
    joins(page, f"Writer {next(NUMBERS)}")
    yield page
    context.close()
    assert not page.problems


def text_height(page: Page) -> float:
    page.evaluate(PAINTED)
    return text_box(page).bounding_box()["height"]


def test_the_composer_is_a_line_high_when_it_is_first_seen(writer):
    assert 40 < text_height(writer) < 50


def test_a_restored_draft_is_seen_whole(writer):
    text_box(writer).fill("one\ntwo\nthree")
    three = text_height(writer)
    assert three > 80
    writer.reload()
    expect(text_box(writer)).to_have_value("one\ntwo\nthree")
    assert text_height(writer) == three


def test_the_composer_follows_its_width_and_its_letters(writer):
    text_box(writer).fill("words and words and more words, as many as fill two lines or three")
    narrow = text_height(writer)
    writer.set_viewport_size({"width": 1200, "height": 780})
    wide = text_height(writer)
    assert wide < narrow
    writer.set_viewport_size(UPRIGHT)
    assert text_height(writer) == narrow
    writer.evaluate("document.documentElement.style.fontSize = '150%'")
    assert text_height(writer) > narrow


@pytest.mark.parametrize("key", ["Control+Enter", "Meta+Enter"])
@pytest.mark.parametrize("touch", [True, False], ids=["tablet", "desk"])
def test_control_and_command_with_enter_send_everywhere(open_page, key, touch):
    page = joins(open_page(**(PHONE if touch else {})), f"{key} {touch}")
    text_box(page).press_sequentially(f"by {key}, {touch}")
    page.keyboard.press(key)
    expect(text_box(page)).to_have_value("")
    hears(page, f"by {key}, {touch}")


# --- Days ----------------------------------------------------------------------------------------
def test_at_midnight_today_becomes_yesterday_by_itself(make_site, browser, join):
    site = make_site()
    join(site, "Evening Bob").says("good evening")
    at = site.sql("SELECT at FROM chat_message")[0]["at"]
    context = browser.new_context(timezone_id="Europe/Berlin")
    page = context.new_page()
    page.clock.install(time=_last_minute_of(at))
    page.goto(site.url)
    day = page.locator("#log .day").first
    expect(day).to_have_text("Today")
    page.clock.run_for(62_000)
    expect(day).to_have_text("Yesterday")
    context.close()


def _last_minute_of(at):
    from datetime import datetime
    from zoneinfo import ZoneInfo

    when = datetime.fromisoformat(str(at))
    if when.tzinfo is None:
        when = when.replace(tzinfo=ZoneInfo("UTC"))
    return when.astimezone(ZoneInfo("Europe/Berlin")).replace(hour=23, minute=59, second=30)


# --- Translation ---------------------------------------------------------------------------------
TRANSLATE = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) {
    const parent = text.parentElement;
    if (!text.data.trim()) continue;
    if (parent.closest("[translate=no], script, noscript, template")) continue;
    const font = document.createElement("font");
    font.textContent = `\u00bb${text.data}\u00ab`;
    text.replaceWith(font);
  }
  document.title = `\u00bb${document.title}\u00ab`;
  window.rewritten = [];
  const told = new MutationObserver((changes) => {
    for (const { target } of changes) window.rewritten.push(target.id || target.className);
  });
  for (const { parentElement } of document.querySelectorAll("font")) {
    told.observe(parentElement, { childList: true });
  }
  told.observe(document.querySelector("title"), { childList: true });
}"""


def test_what_the_browser_has_translated_is_not_written_over_at_each_paint(
    make_site, open_page, join
):
    site = make_site()
    bob = join(site, "Rosa")
    bob.says("hello there")
    page = joins(open_page(site_url=site.url), "Mika")
    hears(page, "hello there")
    is_connected(page)
    page.evaluate(TRANSLATE)
    for number in range(3):
        bob.says(f"more {number}")
        expect(log(page).get_by_text(f"more {number}")).to_be_visible()
    assert page.evaluate("rewritten") == []
    expect(log(page).get_by_text("\u00bbhello there\u00ab")).to_be_visible()
    # Names, times and counts are nobody's to translate.
    for text in ("Rosa", "Mika"):
        expect(page.locator("#people").get_by_text(text, exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("^2 people here$"))).to_be_visible()


# --- Who is here, above 200 ----------------------------------------------------------------------
ROSTER = """async () => {
  const { Roster } = await import("/static/chat/panels/roster.js");
  const root = document.getElementById("people").cloneNode(true);
  const [button, template] = [document.createElement("button"), document.getElementById("person")];
  const roster = new Roster({ root, button, template });
  const names = (count) => Array.from({ length: count }, (_, number) => `P${number}`);
  const seen = () => {
    roster.render({ id: "", name: "" }, []);
    const words = ["h2", "p"].map((part) => root.querySelector(part).textContent);
    return [root.querySelectorAll("li").length, ...words];
  };
  const states = [];
  roster.start({ count: 200, names: names(200) });
  states.push(seen());
  roster.follow({ count: 201, joined: [], left: [] });
  states.push(seen());
  roster.follow({ count: 230, joined: [], left: [] });
  states.push(seen());
  roster.follow({ count: 199, joined: names(199), left: [] });
  states.push(seen());
  roster.follow({ count: 198, joined: [], left: ["P3"] });
  states.push(seen());
  roster.follow({ count: 260, joined: [], left: [] });
  states.push(seen());
  return states;
}"""


def test_a_room_that_grows_and_shrinks_across_200_shows_no_ghosts(open_page):
    page = open_page()
    assert page.evaluate(ROSTER) == [
        [200, "200 people here", ""],
        [0, "201 people here", ""],
        [0, "230 people here", ""],
        [199, "199 people here", ""],
        [198, "198 people here", ""],
        [0, "260 people here", ""],
    ]
