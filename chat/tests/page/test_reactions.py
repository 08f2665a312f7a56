"""Reactions under a bubble."""

import pytest
from playwright.sync_api import expect

from chat.tests.page.doing import chip, does
from chat.tests.page.test_page import hears, joins, says, text_box

once = pytest.mark.stack("embedded")  # the other stack has nothing to add


TEXTS = """() => [...document.querySelectorAll("#log .text")].map((text) => {
  const { top, left, height } = text.getBoundingClientRect();
  return [Math.round(top), Math.round(left), Math.round(height)];
})"""


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
