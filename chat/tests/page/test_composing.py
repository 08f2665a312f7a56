"""Who types, and what completes what is typed."""

import re

import pytest
from playwright.sync_api import expect

from chat.tests.page.doing import chip, does, is_focused_message, options
from chat.tests.page.test_page import hears, joins, says, text_box

once = pytest.mark.stack("embedded")  # the other stack has nothing to add


def test_who_types_is_told_and_the_composer_stays_where_it_is(make_site, open_page):
    site = make_site()
    ada = joins(open_page(site_url=site.url), "Ada")
    bob = joins(open_page(site_url=site.urls[-1]), "Bob")
    before = text_box(ada).bounding_box()
    text_box(bob).press_sequentially("hm")
    expect(ada.get_by_text("Bob is typing…")).to_be_visible()
    assert text_box(ada).bounding_box() == before
    expect(bob.locator("#typing")).to_be_empty()
    expect(ada.locator("#typing")).to_be_empty()


@once
def test_a_name_is_completed_and_named_as_a_whole(make_site, join, open_page):
    site = make_site()
    page = joins(open_page(site_url=site.url), "Rosa")
    join(site, "Ada Lovelace").says("hello")
    join(site, "Adam")
    hears(page, "hello")
    expect(page.locator("#people").get_by_text("Adam")).to_be_visible()
    text_box(page).press_sequentially("Good morning @ad")
    expect(options(page)).to_have_text([re.compile("Ada Lovelace"), re.compile("Adam")])
    chosen = text_box(page).get_attribute("aria-activedescendant")
    expect(page.locator(f"#{chosen}")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(text_box(page)).to_have_value("Good morning @Ada Lovelace ")
    expect(options(page)).to_have_count(0)
    page.keyboard.type("and @ad")
    expect(options(page)).to_have_count(2)
    page.keyboard.press("Escape")
    expect(options(page)).to_have_count(0)
    page.keyboard.press("Enter")
    hears(page, "Good morning @Ada Lovelace and @ad")


@once
def test_emoji_are_completed_but_not_in_code(make_site, open_page):
    page = joins(open_page(site_url=make_site().url), "Ada")
    text_box(page).press_sequentially("so :smi")
    expect(options(page).first).to_contain_text("😃 :smiley")
    page.keyboard.press("Tab")
    expect(text_box(page)).to_have_value("so 😃 ")
    expect(text_box(page)).to_be_focused()
    text_box(page).fill("")
    text_box(page).press_sequentially("`:smi")
    page.keyboard.press("Enter")
    hears(page, "`:smi")


@once
def test_any_emoji_can_be_found_and_is_remembered(make_site, open_page, shot):
    page = joins(open_page(site_url=make_site().url, width=360, height=740), "Ada")
    loaded = []
    page.on("request", lambda request: loaded.append(request.url))
    says(page, "to react to")
    hears(page, "to react to")
    assert not [url for url in loaded if "picker" in url or "emoji" in url], "loaded when wanted"
    does(page, "React with another emoji", "to react to")
    picker = page.get_by_role("dialog", name="Emoji")
    expect(picker.get_by_role("searchbox")).to_be_focused()
    picker.get_by_role("combobox", name="Skin tone").select_option("Medium")
    picker.get_by_role("searchbox").fill("wave")
    expect(picker.get_by_role("button").first).to_have_text("👋🏽")
    shot(page, "picker-360")
    page.keyboard.press("Enter")
    expect(chip(page, "to react to", "👋🏽")).to_have_text("👋🏽 1")
    is_focused_message(page, "to react to")
    page.get_by_role("button", name="Emoji", exact=True).click()
    recent = picker.get_by_role("region", name="Recent").get_by_role("button")
    expect(recent).to_have_text(["👋🏽"])
    recent.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(text_box(page)).to_be_focused()
