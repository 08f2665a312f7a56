"""The page as people use it: real browsers, a real site."""

import json
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

PHONE = {"width": 390, "height": 780, "touch": True}
once = pytest.mark.stack("embedded")  # the other stack has nothing to add
EVIL = "<img src=x onerror=alert(1)>"
SCROLL = "top => document.getElementById('box').scrollTop = top"


# --- What people do and see ----------------------------------------------------------------------
def name_box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Your name")


def text_box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Message")


def log(page: Page) -> Locator:
    return page.get_by_role("log")


def joins(page: Page, name: str) -> Page:
    name_box(page).fill(name)
    page.get_by_role("button", name="Join").click()
    expect(text_box(page)).to_be_focused()
    return page


def says(page: Page, text: str) -> None:
    text_box(page).fill(text)
    page.get_by_role("button", name="Send").click()


def hears(page: Page, text: str) -> None:
    expect(log(page).get_by_text(text, exact=True)).to_have_count(1)
    expect(log(page).get_by_text(text, exact=True)).to_be_in_viewport()


def sees_people(page: Page, *names: str) -> None:
    people = page.locator("#people")
    for name in names:
        expect(people.get_by_text(name, exact=True)).to_be_visible()


def pending(page: Page) -> Locator:
    return page.get_by_role("list", name="Not in the room yet").get_by_role("listitem")


def is_connected(page: Page) -> None:
    expect(page.get_by_role("status").get_by_text("Connected", exact=True)).to_be_visible()


def height_of(message: Locator) -> float:
    return message.bounding_box()["y"]


# --- Talking -------------------------------------------------------------------------------------
@pytest.mark.stack("scaled")  # two processes say more than one
def test_three_people_talk_and_see_each_other_live(make_site, open_page, shot):
    site = make_site()
    ada = joins(open_page(site_url=site.url), "Ada")
    rosa = joins(open_page(site_url=site.urls[-1], **PHONE), "Rosa")
    mika = joins(open_page(site_url=site.url, dark=True), "Mika")
    sees_people(ada, "Ada", "Rosa", "Mika")
    expect(ada.get_by_role("heading", name="3 people here")).to_be_visible()
    expect(rosa.get_by_role("button", name="3 here")).to_be_visible()

    says(mika, "Did anyone try the new build on the old tablet?")
    hears(rosa, "Did anyone try the new build on the old tablet?")
    says(rosa, "Yes! Nine years old, and it works 🎉")
    hears(ada, "Yes! Nine years old, and it works 🎉")
    says(ada, "Lovely. Numbers are at https://example.org/bench, run them again.")
    for page in (mika, rosa):
        expect(page.get_by_role("link", name="https://example.org/bench")).to_be_visible()
        expect(log(page).get_by_text("Ada", exact=True)).to_be_visible()
    says(mika, "Nothing was lost in the tunnel. All I wrote arrived when we came out.")
    says(rosa, "And nothing twice.")
    says(ada, "That is the whole point.")
    for page in (ada, mika, rosa):
        hears(page, "That is the whole point.")
        expect(page.locator("#outbox li")).to_have_count(0)
    for page, name in ((ada, "wide"), (rosa, "phone"), (mika, "wide-dark")):
        shot(page, f"three-people-{name}")

    rosa.reload()
    is_connected(rosa)
    hears(rosa, "Did anyone try the new build on the old tablet?")
    expect(text_box(rosa)).to_be_visible()
    expect(rosa.locator(".mine").get_by_text("Nine years old")).to_be_visible()
    mika.context.close()
    expect(ada.get_by_role("heading", name="2 people here")).to_be_visible()


@once
def test_on_another_device_without_https_the_page_works_too(make_site, open_page):
    site = make_site(ALLOWED_HOSTS="chat.lan,127.0.0.1")
    lan = site.url.replace("127.0.0.1", "chat.lan")
    ada, bob = joins(open_page(site_url=lan), "Ada"), joins(open_page(site_url=site.url), "Bob")
    assert ada.evaluate("isSecureContext") is False
    says(ada, "hello from the sofa")
    hears(bob, "hello from the sofa")
    says(bob, "hello from the desk")
    hears(ada, "hello from the desk")
    expect(ada.locator("#outbox li")).to_have_count(0)


@once
def test_one_reads_before_one_joins(site, join, open_page):
    bob = join(site, "Reading Bob")
    bob.says("before you came")
    page = open_page()
    hears(page, "before you came")
    bob.says("while you read")
    hears(page, "while you read")
    expect(name_box(page)).to_be_visible()
    expect(text_box(page)).to_be_hidden()


@once
def test_without_javascript_one_can_read(site, join, open_page, shot):
    join(site, "Plain Bob").says("readable by everyone")
    page = open_page(java_script_enabled=False)
    hears(page, "readable by everyone")
    shot(page, "without-javascript")


@once
def test_markup_in_a_name_or_a_message_is_text(open_page):
    ada, bob = open_page(), joins(open_page(), "Marking Bob")
    for page in (ada, bob):
        page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    joins(ada, EVIL)
    says(ada, f"{EVIL} again")
    hears(bob, f"{EVIL} again")
    sees_people(bob, EVIL)
    bob.reload()
    hears(bob, f"{EVIL} again")
    assert bob.locator("img").count() == 0


@once
def test_the_page_goes_on_from_where_the_server_rendered_it(site, join, open_page):
    join(site, "Seamless Bob").says("rendered, not fetched")
    page = open_page()
    is_connected(page)
    heard = []
    page.on(
        "websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(frame))
    )
    page.reload()
    is_connected(page)
    hears(page, "rendered, not fetched")
    hello, messages = (json.loads(frame) for frame in heard[:2])
    assert hello["resumed"] is True
    assert messages["messages"] == []


@once
def test_nothing_comes_from_another_host(site, open_page):
    page = open_page()
    hosts = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.reload()
    is_connected(page)
    assert hosts == {urlsplit(site.url).netloc}


# --- Names ---------------------------------------------------------------------------------------
@once
def test_a_taken_name_is_explained_where_it_was_typed(site, join, open_page, shot):
    join(site, "Taken")
    page = open_page(width=360, height=740)
    name_box(page).fill("taken")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Someone else has this name")
    expect(name_box(page)).to_be_focused()
    expect(name_box(page)).to_have_value("taken")
    expect(name_box(page)).to_have_accessible_description(page.get_by_role("alert").inner_text())
    shot(page, "name-taken")
    joins(page, "Not taken")


@once
def test_a_name_can_be_changed_later(open_page):
    ada, bob = joins(open_page(), "Ada Byron"), open_page()
    ada.get_by_role("button", name="Ada Byron, change name").click()
    expect(name_box(ada)).to_have_value("Ada Byron")
    name_box(ada).fill("Ada Lovelace")
    ada.keyboard.press("Enter")
    expect(text_box(ada)).to_be_focused()
    sees_people(bob, "Ada Lovelace")
    expect(bob.locator("#people").get_by_text("Ada Byron")).to_have_count(0)


@once
def test_the_name_is_remembered(open_page):
    page = joins(open_page(), "Remembered")
    page.reload()
    is_connected(page)
    expect(page.get_by_role("button", name="Remembered, change name")).to_be_visible()


@once
def test_a_remembered_name_that_someone_else_has_now_is_explained(open_page):
    page = joins(open_page(), "Cookie Loser")
    says(page, "mine for a while")
    hears(page, "mine for a while")
    page.context.clear_cookies()
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("Someone else has this name")
    expect(name_box(page)).to_have_value("Cookie Loser")


@once
def test_two_tabs_are_one_person(site, open_page):
    first = joins(open_page(), "Two Tabs")
    second = first.context.new_page()
    second.goto(site.url)
    says(second, "from the other tab")
    expect(first.locator(".mine").get_by_text("from the other tab")).to_be_visible()
    first.get_by_role("button", name="Two Tabs, change name").click()
    name_box(first).fill("One Person")
    first.get_by_role("button", name="Change name").click()
    expect(second.get_by_role("button", name="One Person, change name")).to_be_visible()


# --- Writing -------------------------------------------------------------------------------------
@once
def test_enter_sends_and_shift_enter_breaks_the_line(open_page):
    page = joins(open_page(), "Breaking")
    text_box(page).press_sequentially("first")
    page.keyboard.press("Shift+Enter")
    text_box(page).press_sequentially("second")
    expect(text_box(page)).to_have_value("first\nsecond")
    page.keyboard.press("Enter")
    expect(text_box(page)).to_have_value("")
    expect(log(page).locator(".text").last).to_have_text("first\nsecond", use_inner_text=True)


@once
def test_on_a_touch_screen_enter_breaks_the_line_and_the_button_sends(open_page):
    page = joins(open_page(**PHONE), "Touching")
    text_box(page).press_sequentially("above")
    page.keyboard.press("Enter")
    text_box(page).press_sequentially("below")
    page.get_by_role("button", name="Send").tap()
    expect(log(page).locator(".text").last).to_have_text("above\nbelow", use_inner_text=True)


@once
def test_enter_that_ends_a_composition_sends_nothing(open_page):
    page = joins(open_page(), "Composing")
    keyboard = page.context.new_cdp_session(page)
    text_box(page).focus()
    composition = {"text": "にほん", "selectionStart": 3, "selectionEnd": 3}
    keyboard.send("Input.imeSetComposition", composition)
    enter = {"type": "rawKeyDown", "key": "Enter", "windowsVirtualKeyCode": 13}
    keyboard.send("Input.dispatchKeyEvent", enter)
    expect(text_box(page)).to_have_value("にほん")
    keyboard.send("Input.insertText", {"text": "日本"})
    # Safari reports the key after the composition has ended.
    text_box(page).dispatch_event("keydown", {"key": "Enter", "keyCode": 229})
    expect(text_box(page)).to_have_value("日本")
    page.keyboard.press("Enter")
    hears(page, "日本")


@once
def test_a_text_that_is_too_long_is_stopped_before_it_is_sent(open_page):
    page = joins(open_page(), "Long")
    text_box(page).fill("x" * 3900)
    expect(page.get_by_text("100 left")).to_be_visible()
    text_box(page).fill("x" * 4003)
    page.keyboard.press("Enter")
    expect(page.get_by_text("3 too many")).to_be_visible()
    expect(page.locator("#outbox li")).to_have_count(0)
    assert len(text_box(page).input_value()) == 4003


@once
def test_everything_can_be_done_by_keyboard(open_page):
    page = open_page(width=800)

    def tabs_to(target: Locator, key: str = "Tab") -> None:
        for _ in range(10):
            page.keyboard.press(key)
            if target.evaluate("node => node === document.activeElement"):
                return
        pytest.fail(f"{key} does not lead to {target}")

    tabs_to(page.get_by_role("button", name="here"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="here")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="here")).to_be_hidden()
    tabs_to(page.get_by_role("main"))
    tabs_to(name_box(page))
    page.keyboard.type("Keyed")
    page.keyboard.press("Enter")
    expect(text_box(page)).to_be_focused()
    page.keyboard.type("typed, not clicked")
    page.keyboard.press("Enter")
    hears(page, "typed, not clicked")
    tabs_to(page.get_by_role("button", name="Keyed, change name"), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(name_box(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(text_box(page)).to_be_focused()


# --- Reading -------------------------------------------------------------------------------------
@once
def test_who_has_scrolled_up_stays_there_and_hears_of_news(site, join, open_page, shot):
    bob = join(site, "Scrolling Bob")
    for number in range(60):
        bob.says(f"scroll {number}")
    page = joins(open_page(), "Scrolled")
    hears(page, "scroll 59")
    page.evaluate(SCROLL, -700)
    reading = log(page).get_by_text("scroll 40", exact=True)
    before = height_of(reading)
    bob.says("the news")
    expect(page.get_by_role("button", name="1 new message")).to_be_visible()
    assert height_of(reading) == pytest.approx(before, abs=1)
    expect(log(page).get_by_text("the news")).not_to_be_in_viewport()
    shot(page, "scrolled-up")
    page.get_by_role("button", name="1 new message").click()
    hears(page, "the news")
    expect(page.locator("#pill")).to_be_hidden()
    bob.says("more news")
    hears(page, "more news")


@once
def test_older_messages_come_on_scrolling_up_and_nothing_moves(site, join, open_page):
    bob = join(site, "Older Bob")
    for number in range(120):
        bob.says(f"older {number}")
    page = open_page()
    is_connected(page)
    items = log(page).locator("li")
    expect(items).to_have_count(50)
    reading = log(page).get_by_text("older 75", exact=True)
    held = []
    page.route("**/api/messages*", lambda route: held.append(route))
    page.evaluate(SCROLL, -100_000)
    expect(page.get_by_text("Loading older messages…")).to_be_visible()
    before = height_of(reading)
    held[0].continue_()
    page.unroute("**/api/messages*")
    expect(items).to_have_count(100)
    assert height_of(reading) == pytest.approx(before, abs=1)
    page.evaluate(SCROLL, -100_000)
    expect(log(page).get_by_text("older 0", exact=True)).to_have_count(1)


@once
def test_a_hidden_page_counts_what_is_unread_in_its_title(site, join, open_page):
    bob = join(site, "Hidden Bob")
    page = open_page()
    is_connected(page)
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true, writable: true })")
    bob.says("psst")
    expect(page).to_have_title("(1) Simple chat")
    page.evaluate("document.hidden = false; document.dispatchEvent(new Event('visibilitychange'))")
    expect(page).to_have_title("Simple chat")


@once
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_at_320_pixels_nothing_sticks_out(site, join, open_page, shot, dark):
    join(site, f"Narrow Bob {dark}").says("Donaudampfschifffahrtsgesellschaft" * 4)
    page = joins(open_page(width=320, height=640, dark=dark), f"Narrow {dark}")
    says(page, "https://example.org/" + "long/" * 30)
    expect(page.locator(".mine a")).to_be_visible()
    shot(page, f"narrow-{'dark' if dark else 'light'}")
    page.get_by_role("button", name="here").click()
    expect(page.get_by_role("heading", name="here")).to_be_visible()
    shot(page, f"narrow-people-{'dark' if dark else 'light'}")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    boxes = [button.bounding_box() for button in page.get_by_role("button").all()]
    assert all(min(box["width"], box["height"]) >= 44 for box in boxes), "too small to be touched"


# --- When something is wrong ---------------------------------------------------------------------
@pytest.mark.stack("scaled")  # two processes say more than one
def test_a_server_that_goes_and_comes_back_loses_and_doubles_nothing(make_site, open_page, shot):
    site = make_site()
    ada = joins(open_page(site_url=site.url), "Ada")
    bob = joins(open_page(site_url=site.urls[-1], width=360, height=740), "Bob")
    says(ada, "before")
    hears(bob, "before")
    for process in range(len(site.urls)):
        site.stop(process)
    for page in (ada, bob):
        expect(page.get_by_role("button", name="Reconnect now")).to_be_visible()
        expect(page.get_by_role("status").get_by_text("Offline")).to_be_visible()
    says(ada, "said without a server")
    says(ada, "and this after it")
    says(bob, "I am here")
    expect(ada.get_by_text("waiting to be sent")).to_have_count(2)
    expect(ada.get_by_text("Offline, 2 messages waiting.")).to_be_visible()
    shot(ada, "offline-wide")
    shot(bob, "offline-phone")
    for process in range(len(site.urls)):
        site.start(process)
    for page in (ada, bob):
        page.evaluate("dispatchEvent(new Event('online'))")
        is_connected(page)
    for page in (ada, bob):
        for text in ("before", "said without a server", "and this after it", "I am here"):
            hears(page, text)
        texts = log(page).locator(".text").all_inner_texts()
        assert texts.index("said without a server") < texts.index("and this after it")
        expect(page.locator("#outbox li")).to_have_count(0)
        page.problems.clear()  # Chromium tells of each refused connection


@once
def test_what_is_written_too_fast_waits_says_so_and_goes_out_in_order(make_site, open_page, shot):
    site = make_site(CHAT_POST_RATE="1/3 seconds")
    page = joins(open_page(site_url=site.url), "Hasty")
    for text in ("first", "second", "third", "fourth"):
        says(page, text)
    hears(page, "first")
    expect(pending(page).filter(has_text="Too fast. Goes out in")).to_have_count(1)
    shot(page, "too-fast")
    pending(page).filter(has_text="third").get_by_text("waiting to be sent").wait_for()
    expect(pending(page)).to_have_count(0)
    texts = log(page).locator(".text").all_inner_texts()
    assert texts == ["first", "second", "third", "fourth"]


@once
def test_what_is_pasted_goes_out_as_what_it_stands_for(open_page):
    page = joins(open_page(), "Pasting")
    says(page, "one\vtwo\fthree\x00\x1b\x85four")
    shown = log(page).locator(".text").last
    expect(shown).to_have_text("one\ntwo\nthree\nfour", use_inner_text=True)


@once
def test_what_is_refused_for_its_text_comes_back_to_be_changed(open_page, shot):
    page, heap = joins(open_page(), "Accented"), "e" + "\u0301" * 40
    says(page, heap)
    expect(text_box(page)).to_have_value(heap)
    expect(page.locator("#count")).to_contain_text("heaps of accents")
    expect(pending(page)).to_have_count(0)
    text_box(page).fill("")
    page.context.set_offline(True)
    says(page, heap)
    expect(pending(page)).to_contain_text("waiting to be sent")
    text_box(page).fill("a draft")
    page.context.set_offline(False)
    expect(pending(page)).to_contain_text("Not sent.")
    expect(pending(page).get_by_role("button", name="Retry")).to_have_count(0)
    shot(page, "refused")
    page.reload()
    pending(page).get_by_role("button", name="Edit").click()
    expect(text_box(page)).to_have_value(f"a draft\n{heap}")
    expect(pending(page)).to_have_count(0)
    text_box(page).fill("e\u0301")
    page.keyboard.press("Enter")
    hears(page, "\u00e9")
    page.problems.clear()
