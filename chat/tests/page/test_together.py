"""Several people do all that one can do with messages."""

import pytest
from playwright.sync_api import expect

from chat.tests.page.doing import chip, does, message, of, quote, toolbar
from chat.tests.page.test_page import PHONE, hears, joins, says
from chat.tests.support import eventually

once = pytest.mark.stack("embedded")  # the other stack has nothing to add


# --- One conversation -----------------------------------------------------------------------------
SEEN = """() => [...document.querySelectorAll("#messages .message")].map((one) => [
  one.id,
  one.querySelector(".name").textContent,
  one.querySelector(".text").textContent,
  [...one.querySelectorAll(".chip")].map((chip) => chip.textContent),
])"""


def test_three_browsers_and_one_that_was_away_end_with_the_same(make_site, open_page):
    site = make_site()
    ada, bob, cy, away = (
        joins(open_page(site_url=site.urls[number % len(site.urls)]), name)
        for number, name in enumerate(("Ada", "Bob", "Cy", "Di"))
    )
    says(ada, "one")
    hears(away, "one")
    away.context.set_offline(True)
    away.evaluate("dispatchEvent(new Event('offline'))")
    for page, text in ((bob, "two"), (cy, "three"), (ada, "four")):
        says(page, text)
        hears(bob, text)
    does(bob, "Reply", "one")
    says(bob, "an answer")
    expect(quote(cy, "an answer")).to_have_text("Ada: one")
    does(ada, "Edit", "one")
    says(ada, "one, edited")
    does(cy, "React with 👍", "two")
    does(ada, "React with 👍", "two")
    does(ada, "React with 🎉", "three")
    does(ada, "Remove", "four")
    does(away, "React with 😂", "one")  # goes out when there is a connection
    expect(message(bob, "four")).to_have_count(0)
    away.context.set_offline(False)
    away.evaluate("dispatchEvent(new Event('online'))")
    for page in (ada, bob, cy, away):
        expect(chip(page, "two", "👍")).to_have_text("👍 2")
        expect(chip(page, "three", "🎉")).to_have_text("🎉 1")
        expect(page.locator("#messages .chip", has_text="😂")).to_have_text("😂 1")
        expect(page.locator(".changing, .removed, #outbox li")).to_have_count(0)
    seen = [page.evaluate(SEEN) for page in (ada, bob, cy, away)]
    assert seen[0] == seen[1] == seen[2] == seen[3]
    assert [text for _, _, text, _ in seen[0]][:2] == ["one, edited edited", "two"]
    away.problems.clear()  # it says that it was offline


@once
def test_without_websockets_all_of_it_works(make_site, join, open_page):
    site = make_site()
    bob = join(site, "Bob")
    seq = bob.says("said by bob")
    page = open_page(site_url=site.url)
    page.context.add_init_script("delete window.WebSocket")
    page.reload()
    joins(page, "Ada")
    does(page, "React with 🎉", "said by bob")  # before anything was said under the name
    eventually(lambda: of(site, seq).get("reactions"))
    says(page, "a tpyo")
    own = bob.hears("a tpyo")["seq"]
    does(page, "Edit", "a tpyo")
    says(page, "a typo")
    eventually(lambda: of(site, own)["text"] == "a typo")
    does(page, "Reply", "said by bob")
    says(page, "answered")
    assert bob.hears("answered")["reply_to"] == seq
    does(page, "Remove", "a typo")
    eventually(lambda: of(site, own).get("removed"), deadline=20)
    expect(message(page, "a typo")).to_have_count(0)


@once
def test_a_finger_that_rests_on_a_message_opens_what_can_be_done_with_it(
    make_site, open_page, shot
):
    page = joins(open_page(site_url=make_site().url, **{**PHONE, "width": 360}), "Ada")
    says(page, "touch me")
    hears(page, "touch me")
    box = message(page, "touch me").locator(".text").bounding_box()
    finger = page.context.new_cdp_session(page)
    at = {"x": box["x"] + 20, "y": box["y"] + 10}
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at]})
    expect(toolbar(page)).to_be_visible()
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    shot(page, "actions-touch-360")
    toolbar(page).get_by_role("button", name="React with 👍").tap()
    expect(chip(page, "touch me", "👍")).to_have_attribute("aria-pressed", "true")
    expect(toolbar(page)).to_have_count(0)


# --- What a screen reader is told -----------------------------------------------------------------
@once
def test_the_tree_of_a_conversation_says_what_can_be_done(make_site, join, open_page):
    site = make_site()
    bob = join(site, "Bob")
    seq = bob.says("What do you think?")
    page = joins(open_page(site_url=site.url), "Ada")
    bob.says("I like it", reply_to=seq)
    hears(page, "What do you think?")
    does(page, "React with 👍", "What do you think?")
    expect(chip(page, "What do you think?", "👍")).to_be_visible()
    expect(page.get_by_role("log")).to_match_aria_snapshot("""
      - log "Messages":
        - list:
          - listitem:
            - text: What do you think?
            - list "Reactions":
              - listitem:
                - button /👍 1/ [pressed]
            - toolbar "Message actions":
              - button "React with 👍"
              - button "React with ❤️"
              - button "React with 😂"
              - button "React with 🎉"
              - button "React with 😮"
              - button "React with 🙏"
              - button "React with another emoji"
              - button "Reply"
              - button "Copy text"
              - button "Copy link"
          - listitem:
            - 'button "Bob: What do you think?"'
            - text: I like it
    """)
    described = page.locator("#box").get_attribute("aria-describedby")
    assert "Arrow keys step" in page.locator(f"#{described}").text_content()


# --- Pictures -------------------------------------------------------------------------------------
@once
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_how_it_looks(make_site, join, open_page, shot, width, dark):
    site = make_site()
    bob, cy = join(site, "Rosa"), join(site, "Mika")
    first = bob.says("Did anyone try the new build on the old tablet?")
    cy.says("It scrolls like butter here, but mine is from last year.", reply_to=first)
    page = open_page(site_url=site.url, width=width, height=740, dark=dark)
    joins(page, "Ada")
    says(page, "Nine years old, and it workss")
    hears(page, "Nine years old, and it workss")
    does(page, "Edit", "Nine years")
    says(page, "Nine years old, and it works")
    expect(message(page, "it works").locator(".edited")).to_be_visible()
    for number, emoji in enumerate("🎉👍😂"):
        bob.sends(
            {
                "type": "react",
                "nonce": f"reaction-{number}",
                "seq": first,
                "emoji": emoji,
                "on": True,
            }
        )
    does(page, "React with 🎉", "old tablet")
    expect(chip(page, "old tablet", "🎉")).to_have_text("🎉 2")
    does(page, "Reply", "like butter")
    bob.sends({"type": "typing"})
    expect(page.get_by_text("Rosa is typing…")).to_be_visible()
    message(page, "like butter").locator(".text").hover()
    name = f"life-{width}-{'dark' if dark else 'light'}"
    shot(page, name)
    ends = page.locator(".text, .actions, .chip").evaluate_all(
        "all => all.map((a) => a.getBoundingClientRect().right)"
    )
    assert max(ends) <= width
