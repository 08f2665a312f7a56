"""The life of a message on the page: edited, removed, answered, reacted to."""

import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from chat.tests.page.test_page import PHONE, hears, is_connected, joins, log, says, text_box
from chat.tests.support import eventually

once = pytest.mark.stack("embedded")  # the other stack has nothing to add


# --- What people do and see ----------------------------------------------------------------------
def message(page: Page, text: str) -> Locator:
    return page.locator("#log .message").filter(has=page.locator(".text", has_text=text))


def toolbar(page: Page) -> Locator:
    return page.get_by_role("toolbar", name="Message actions")


def does(page: Page, action: str, text: str) -> None:
    """With the mouse, what the toolbar of the message offers."""
    message(page, text).first.locator(".text").hover()
    toolbar(page).get_by_role("button", name=action, exact=True).click()


def of(site, seq: int) -> dict:
    """A message as the room has it."""
    return json.loads(site.request(f"/api/messages?seqs={seq}").body)["messages"][0]


def is_focused_message(page: Page, text: str) -> None:
    expect(message(page, text)).to_be_focused()


# --- Edit ----------------------------------------------------------------------------------------
def test_what_one_has_said_can_be_said_better(make_site, open_page):
    site = make_site()
    ada = joins(open_page(site_url=site.url), "Ada")
    bob = joins(open_page(site_url=site.urls[-1], **PHONE), "Bob")
    says(ada, "a tpyo")
    hears(bob, "a tpyo")
    text_box(ada).fill("half written")
    does(ada, "Edit", "a tpyo")
    expect(text_box(ada)).to_be_focused()
    expect(text_box(ada)).to_have_value("a tpyo")
    expect(ada.get_by_text("Edit your message")).to_be_visible()
    says(ada, "a typo")
    for page in (ada, bob):
        edited = message(page, "a typo").locator(".edited time")
        expect(edited).to_have_attribute("title", re.compile("^Edited: Today, "))
        expect(message(page, "a tpyo")).to_have_count(0)
    expect(text_box(ada)).to_have_value("half written")
    expect(ada.locator(".changing")).to_have_count(0)


# --- Remove --------------------------------------------------------------------------------------
def test_what_one_removes_can_be_had_back_for_a_while(make_site, open_page):
    site = make_site()
    ada = joins(open_page(site_url=site.url), "Ada")
    bob = joins(open_page(site_url=site.urls[-1]), "Bob")
    for text in ("keep this", "regret this"):
        says(ada, text)
        hears(bob, text)
    does(ada, "Remove", "keep this")
    ada.get_by_role("button", name="Undo").click()
    does(ada, "Remove", "regret this")
    expect(log(ada).get_by_text("Removed.")).to_be_visible()
    expect(message(ada, "regret this").locator(".text")).to_be_hidden()
    expect(message(bob, "regret this")).to_have_count(0)
    expect(log(ada).get_by_text("Removed.")).to_have_count(0)
    for page in (ada, bob):
        expect(message(page, "keep this")).to_be_visible()


@once
def test_a_removal_is_sent_by_a_page_that_opens_later(make_site, join, open_page):
    site = make_site()
    ada, bob = joins(open_page(site_url=site.url), "Ada"), join(site, "Bob")
    says(ada, "regret this")
    seq = bob.hears("regret this")["seq"]
    does(ada, "Remove", "regret this")
    later = ada.context.new_page()
    ada.close()
    later.goto(site.url)
    eventually(lambda: of(site, seq).get("removed"))


# --- By keyboard ---------------------------------------------------------------------------------
@once
def test_all_of_it_by_keyboard_alone(make_site, open_page):
    site = make_site()
    page = joins(open_page(site_url=site.url), "Ada")
    press = page.keyboard.press
    for text in ("first", "second", "thrid"):
        page.keyboard.type(text)
        press("Enter")
        hears(page, text)

    press("ArrowUp")
    expect(text_box(page)).to_have_value("thrid")
    press("Escape")
    expect(text_box(page)).to_have_value("")
    press("ArrowUp")
    page.keyboard.insert_text("!")
    press("Enter")
    expect(message(page, "thrid!").locator(".edited")).to_be_visible()
    expect(text_box(page)).to_be_focused()

    press("Shift+Tab")
    press("Shift+Tab")
    expect(page.locator("#box")).to_be_focused()
    press("ArrowUp")
    is_focused_message(page, "thrid!")
    press("ArrowUp")
    is_focused_message(page, "second")
    expect(toolbar(page)).to_be_visible()
    press("Enter")
    expect(toolbar(page).get_by_role("button").first).to_be_focused()
    press("End")
    expect(toolbar(page).get_by_role("button", name="Remove")).to_be_focused()
    press("Enter")
    is_focused_message(page, "second")
    press("Tab")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    expect(message(page, "second")).to_have_count(0)
    expect(page.locator(".message:focus")).to_have_count(1)
    press("Escape")
    expect(text_box(page)).to_be_focused()


# --- Reply ---------------------------------------------------------------------------------------
def quote(page: Page, text: str) -> Locator:
    """What an answer shows of what it answers."""
    return message(page, text).locator(".quote")


def test_an_answer_says_what_it_answers_and_follows_it(make_site, open_page):
    site = make_site()
    ada = joins(open_page(site_url=site.url), "Ada")
    bob = joins(open_page(site_url=site.urls[-1]), "Bob")
    says(ada, "Did anyone *try* the new build?")
    hears(bob, "Did anyone try the new build?")
    does(bob, "Reply", "new build")
    expect(bob.get_by_text("Reply to Ada")).to_be_visible()
    says(bob, "Yes, it works")
    for page in (ada, bob):
        expect(quote(page, "Yes, it works")).to_have_text("Ada: Did anyone try the new build?")
    expect(message(ada, "Yes, it works")).to_have_class(re.compile(r"\bnamed\b"))
    expect(bob.get_by_text("Reply to Ada")).to_be_hidden()
    does(ada, "Edit", "Did anyone")
    says(ada, "Did anybody?")
    for page in (ada, bob):
        expect(quote(page, "Yes, it works")).to_have_text("Ada: Did anybody?")
    does(ada, "Remove", "Did anybody?")
    for page in (ada, bob):
        expect(quote(page, "Yes, it works")).to_have_text("A message that is gone")
        expect(quote(page, "Yes, it works")).to_be_disabled()


@once
def test_a_quote_leads_to_what_it_quotes_however_far_above(make_site, join, open_page):
    site = make_site()
    bob = join(site, "Bob")
    first = bob.says("the first of all")
    for number in range(700):
        bob.says(f"number {number}")
    bob.says("an answer", reply_to=first)
    page = open_page(site_url=site.url)
    is_connected(page)
    expect(quote(page, "an answer")).to_have_text("Bob: the first of all")
    quote(page, "an answer").click()
    expect(page.locator(f"#m{first}")).to_be_focused()
    expect(page.locator(f"#m{first}")).to_be_in_viewport()
    expect(page.locator(f"#m{first}")).to_have_class(re.compile("pointed"))
    seqs = page.locator("#log .message").evaluate_all("all => all.map((one) => one.id)")
    assert seqs[:3] == [f"m{first}", f"m{first + 1}", f"m{first + 2}"]
    page.evaluate("document.getElementById('box').scrollTop = 0")
    expect(message(page, "an answer")).to_be_in_viewport()


@once
def test_a_link_to_a_message_leads_to_it(make_site, join, open_page):
    site = make_site()
    bob = join(site, "Bob")
    first = bob.says("the first of all")
    for number in range(60):
        bob.says(f"number {number}")
    options = {"permissions": ["clipboard-read", "clipboard-write"]}
    page = open_page(f"/#m{first}", site_url=site.url, **options)
    expect(page.locator(f"#m{first}")).to_be_in_viewport()
    does(page, "Copy link", "number 3")
    expect(page.get_by_text("Link copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == f"{site.url}/#{page.locator('.acting').get_attribute('id')}"


# --- Reactions -----------------------------------------------------------------------------------
TEXTS = """() => [...document.querySelectorAll("#log .text")].map((text) => {
  const { top, left, height } = text.getBoundingClientRect();
  return [Math.round(top), Math.round(left), Math.round(height)];
})"""


def chip(page: Page, text: str, emoji: str) -> Locator:
    return message(page, text).get_by_role("button", name=re.compile(f"^{emoji}"))


def test_a_reaction_is_seen_by_all_and_moves_no_text(make_site, open_page):
    site = make_site()
    ada = joins(open_page(site_url=site.url), "Ada")
    bob = joins(open_page(site_url=site.urls[-1]), "Bob")
    for text in ("one", "two", "three"):
        says(ada, text)
        hears(bob, text)
    before = ada.evaluate(TEXTS)
    does(bob, "React with 🎉", "two")
    for page, pressed in ((ada, "false"), (bob, "true")):
        expect(chip(page, "two", "🎉")).to_have_text("🎉 1")
        expect(chip(page, "two", "🎉")).to_have_attribute("aria-pressed", pressed)
    chip(ada, "two", "🎉").click()
    for page in (ada, bob):
        expect(chip(page, "two", "🎉")).to_have_text("🎉 2")
    chip(bob, "two", "🎉").hover()
    expect(chip(bob, "two", "🎉")).to_have_attribute("data-names", "Bob and Ada")
    chip(bob, "two", "🎉").click()
    expect(chip(ada, "two", "🎉")).to_have_text("🎉 1")
    chip(ada, "two", "🎉").click()
    for page in (ada, bob):
        expect(page.locator(".chip")).to_have_count(0)
    does(bob, "React with 👍", "three")
    expect(chip(ada, "three", "👍")).to_be_visible()
    assert ada.evaluate(TEXTS) == before


@once
def test_a_reaction_that_is_refused_is_taken_back_with_a_word(make_site, join, open_page):
    site = make_site()
    bob = join(site, "Bob")
    bob.says("soon closed")
    page = joins(open_page(site_url=site.url), "Ada")
    site.transaction(
        "UPDATE chat_room SET mode = 'read_only'", "UPDATE chat_log SET version = version + 1"
    )
    expect(text_box(page)).to_be_disabled()
    does(page, "React with 🎉", "soon closed")
    expect(page.get_by_role("status").get_by_text("🎉 was taken back.")).to_be_visible()
    expect(page.locator(".chip")).to_have_count(0)
