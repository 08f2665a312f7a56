"""What a text looks like: shape, links, mentions, emoji and folds, in a real browser."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from chat.templatetags import room

pytestmark = pytest.mark.stack("embedded")  # the other stack has nothing to add

CASES = Path(__file__).parent / "cases"
LINKS = json.loads((CASES / "links.json").read_text())
PAYLOADS = json.loads((CASES / "payloads.json").read_text())
SIZES = {"360": {"width": 360, "height": 740}, "1280": {"width": 1280, "height": 900}}
CODE = "\n".join(f"line {number} of the code" for number in range(60))
SAMPLES = [
    "**Bold**, *italic*, ~~struck~~ and `some_code(*args)`; snake_case and 2*3*4 stay as they are.",
    "> Did anyone try the *new* build?\n> > On the old tablet\nYes, and it works:\n"
    "- nine years old\n- **fast**\n3. third\n4. fourth",
    "```python\ndef wide(line):\n    return '"
    + "a line that is wider than the window " * 4
    + "'\n```",
    "See https://en.wikipedia.org/wiki/Simple_(film), example.org/a and https://аррӏе.com/login.",
    "https://example.org/" + "a-long-path/" * 12,
    "/me waves to **everybody**",
    "🎉",
    "👍🏽 ❤️ 🇩🇪",
    "Good morning, @ada lovelace, how is the engine?",
    "שלום https://example.org/a?b=c שלום",
]


def text_of(page: Page, index: int = -1):
    return page.locator("#log .text").nth(index)


def named(page: Page, name: str) -> Page:
    page.get_by_role("textbox", name="Your name").fill(name)
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    return page


def connected(page: Page) -> Page:
    page.get_by_role("status").get_by_text("Connected", exact=True).wait_for()
    return page


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_a_text_is_shown_with_its_shape(make_site, join, open_page, shot, size, dark):
    site = make_site()
    bob = join(site, "Bob")
    for sample in SAMPLES:
        bob.says(sample)
    page = named(open_page(site_url=site.url, dark=dark, **SIZES[size]), "Ada Lovelace")
    log = page.get_by_role("log")
    expect(log.locator("strong").first).to_have_text("Bold")
    expect(log.locator("blockquote blockquote")).to_have_text("On the old tablet")
    expect(log.locator(".text ol li").first).to_have_attribute("value", "3")
    expect(log.locator("em", has_text="Bob waves to everybody")).to_be_visible()
    expect(log.locator(".large")).to_have_count(2)
    expect(log.locator(".named mark")).to_have_text("@ada lovelace")
    assert log.locator("pre").evaluate("pre => pre.scrollWidth > pre.clientWidth")
    ends = log.locator(".text").evaluate_all(
        "all => all.map((a) => a.getBoundingClientRect().right)"
    )
    assert max(ends) <= SIZES[size]["width"]
    name = f"shape-{size}-{'dark' if dark else 'light'}"
    shot(page, name)
    page.evaluate("document.getElementById('box').scrollTop = -10_000")
    page.get_by_role("textbox", name="Message").fill("**mine**, `code`\n> and a quote")
    shot(page, f"{name}-above")
    page.keyboard.press("Enter")
    expect(page.locator("#log .mine strong")).to_have_text("mine")
    shot(page, f"{name}-mine")


def test_the_server_finds_the_links_that_the_page_finds(site, open_page):
    page = connected(open_page())
    painted = page.evaluate(
        """async (texts) => {
          const { fill } = await import("/static/chat/messages/text.js");
          const facts = (a) => [a.getAttribute("href"), a.textContent, a.title, a.rel, a.target];
          const all = (root) => [...root.querySelectorAll("bdi[dir=ltr] > a")].map(facts);
          return texts.map(({ text, html }) => {
            const element = document.createElement("div");
            fill(element, { text, name: "Ada" }, { watch() {} });
            return [all(element), html];
          });
        }""",
        [{"text": case["text"], "html": room.linked(case["text"])} for case in LINKS],
    )
    reader = page.context.new_page()
    for (links, html), case in zip(painted, LINKS, strict=True):
        reader.set_content(html)
        served = reader.locator("bdi[dir=ltr] > a").evaluate_all(
            "all => all.map((a) =>"
            " [a.getAttribute('href'), a.textContent, a.title, a.rel, a.target])"
        )
        in_code = "`" in case["text"]  # which is shape, and the page's alone
        assert in_code or links == served, case["why"]


def test_without_javascript_the_links_are_there_and_the_marks_are_text(make_site, join, open_page):
    site = make_site()
    join(site, "Bob").says("**see** https://example.org/a.")
    page = open_page(site_url=site.url, java_script_enabled=False)
    expect(text_of(page)).to_have_text("**see** https://example.org/a.")
    expect(page.get_by_role("link", name="https://example.org/a")).to_have_attribute(
        "href", "https://example.org/a"
    )


# --- Mentions ------------------------------------------------------------------------------------
def test_who_is_named_sees_it_marked_and_nobody_else(make_site, join, open_page):
    site = make_site()
    ada, eve = (named(open_page(site_url=site.url), name) for name in ("Ada", "Eve"))
    bob = join(site, "Bob")
    bob.says("@ada and @Adam, `@ada`, **@ADA**")
    expect(text_of(ada).locator("mark")).to_have_text(["@ada", "@ADA"])
    expect(ada.locator(".named")).to_have_count(1)
    expect(text_of(eve)).to_contain_text("@ada and")
    expect(eve.locator("mark")).to_have_count(0)
    ada.get_by_role("textbox", name="Message").fill("@Ada is me")
    ada.keyboard.press("Enter")
    expect(text_of(ada)).to_have_text("@Ada is me")
    expect(text_of(ada).locator("mark")).to_have_count(0)


def test_who_takes_another_name_sees_that_marked(make_site, join, open_page):
    site = make_site()
    page = named(open_page(site_url=site.url), "Ada")
    join(site, "Bob").says("@Ada, or @Grace Hopper?")
    expect(text_of(page).locator("mark")).to_have_text("@Ada")
    page.get_by_role("button", name="Ada, change name").click()
    page.get_by_role("textbox", name="Your name").fill("Grace Hopper")
    page.keyboard.press("Enter")
    expect(text_of(page).locator("mark")).to_have_text("@Grace Hopper")
    expect(text_of(page)).to_have_text("@Ada, or @Grace Hopper?")


# --- Folds ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("size", SIZES)
def test_a_very_long_message_is_folded_and_can_be_shown(make_site, join, open_page, shot, size):
    site = make_site()
    bob = join(site, "Bob")
    bob.says("\n".join("ab"[number % 2] for number in range(2_000)))
    bob.says("short")
    page = connected(open_page(site_url=site.url, **SIZES[size]))
    height = SIZES[size]["height"] * 0.6
    long = text_of(page, 0)
    assert long.bounding_box()["height"] == pytest.approx(height, abs=2)
    expect(page.get_by_role("button", name="Show all")).to_have_count(1)
    shot(page, f"folded-{size}")
    page.get_by_role("button", name="Show all").click()
    assert long.bounding_box()["height"] > 40_000
    page.get_by_role("button", name="Show less").click()
    assert long.bounding_box()["height"] == pytest.approx(height, abs=2)
    expect(page.get_by_role("button", name="Show all")).to_be_focused()


def test_what_fits_once_the_window_is_larger_has_no_fold(make_site, join, open_page):
    site = make_site()
    join(site, "Bob").says("\n".join(f"line {number}" for number in range(16)))
    page = connected(open_page(site_url=site.url, height=480))
    button = page.get_by_role("button", name="Show all")
    expect(button).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(button).to_be_hidden()


def test_code_is_folded_too_and_can_be_copied_whole(make_site, join, open_page, shot):
    site = make_site()
    join(site, "Bob").says(f"```\n{CODE}\n```")
    page = open_page(site_url=site.url, permissions=["clipboard-read", "clipboard-write"])
    connected(page)
    assert page.locator("pre").bounding_box()["height"] == pytest.approx(360, abs=2)
    expect(page.locator(".code .unfold")).to_have_text("Show all")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == CODE
    shot(page, "folded-code")
    page.locator(".code .unfold").click()
    expect(page.get_by_text("line 59 of the code")).to_be_in_viewport(ratio=0)
    assert page.locator("pre").bounding_box()["height"] > 1_000


def test_without_https_code_can_be_copied_all_the_same(make_site, join, open_page):
    site = make_site(ALLOWED_HOSTS="chat.lan,127.0.0.1")
    join(site, "Bob").says("```\ncopied in plain http\n```")
    page = connected(open_page(site_url=site.url.replace("127.0.0.1", "chat.lan")))
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_focused()
    named(page, "Pasting")
    page.keyboard.press("Control+V")
    expect(page.get_by_role("textbox", name="Message")).to_have_value("copied in plain http")


# --- Who means ill -------------------------------------------------------------------------------
WATCH = """
  window.ran = 0;
  window.reports = [];
  const report = ({ type, violatedDirective }) => reports.push(violatedDirective ?? type);
  addEventListener("securitypolicyviolation", report);
  new ReportingObserver((all) => all.forEach(report)).observe();
"""
LOOK = """(root) => {
  const all = [...document.querySelectorAll(`${root} *`)];
  const addresses = all.filter(({ href }) => href);
  const attributes = all.flatMap(({ attributes }) => [...attributes]).map(({ name }) => name);
  return {
    tags: [...new Set(all.map(({ localName }) => localName))].sort(),
    schemes: [...new Set(addresses.map(({ protocol }) => protocol))].sort(),
    dangers: attributes.filter((name) => name.startsWith("on") || name === "style").length,
    ran,
    reports,
  };
}"""
TAGS = set("a bdi blockquote button code div em li mark ol p pre s strong ul".split())


def test_no_text_runs_a_script_or_leaves_its_place(make_site, join, open_page):
    assert len(PAYLOADS) >= 100
    site = make_site()
    page = open_page(site_url=site.url)
    page.add_init_script(WATCH)
    page.reload()
    named(page, "Ada")
    bob = join(site, "Bob")
    for payload in PAYLOADS:
        bob.says(payload)
    expect(page.locator("#log .text")).to_have_count(len(PAYLOADS))
    made = page.evaluate(LOOK, "#log .text")
    assert set(made["tags"]) <= TAGS
    assert made["schemes"] == ["http:", "https:"]
    assert (made["dangers"], made["ran"], made["reports"]) == (0, 0, [])


def test_nor_does_what_the_server_renders(browser):
    page = browser.new_page()
    page.add_init_script(WATCH)
    page.goto("about:blank")
    page.set_content("".join(f"<p>{room.linked(payload)}</p>" for payload in PAYLOADS))
    made = page.evaluate(LOOK, "p")
    page.close()
    assert made["tags"] == ["a", "bdi"]
    assert made["schemes"] == ["http:", "https:"]
    assert (made["dangers"], made["ran"]) == (0, 0)
