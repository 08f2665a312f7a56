"""What one has said can be edited and removed, by mouse and by keyboard."""

import re

import pytest
from playwright.sync_api import expect

from chat.tests.page.doing import chip, does, is_focused_message, message, of, quote, toolbar
from chat.tests.page.test_page import PHONE, hears, joins, log, says, text_box
from chat.tests.support import eventually

once = pytest.mark.stack("embedded")  # the other stack has nothing to add


# --- Edit -----------------------------------------------------------------------------------------
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


# --- Remove ---------------------------------------------------------------------------------------
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


# --- By keyboard ----------------------------------------------------------------------------------
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
    press("ArrowRight")
    press("Enter")
    expect(chip(page, "second", "❤️")).to_have_attribute("aria-pressed", "true")
    is_focused_message(page, "second")
    press("Enter")
    toolbar(page).get_by_role("button", name="Reply").focus()
    press("Enter")
    expect(text_box(page)).to_be_focused()
    page.keyboard.type("answered")
    press("Enter")
    expect(quote(page, "answered")).to_have_text("Ada: second")
    press("Shift+Tab")
    press("Shift+Tab")
    expect(quote(page, "answered")).to_be_focused()
    for text in ("thrid!", "second"):
        press("ArrowUp")
        is_focused_message(page, text)
    press("Enter")
    press("End")
    expect(toolbar(page).get_by_role("button", name="Remove")).to_be_focused()
    press("Enter")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    is_focused_message(page, "second")
    press("Tab")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    expect(page.locator(".removed")).to_have_count(0)
    expect(page.locator(".message:focus")).to_have_count(1)
    press("Escape")
    expect(text_box(page)).to_be_focused()
