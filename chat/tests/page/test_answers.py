"""Answers, and the way to what they answer."""

import re

import pytest
from playwright.sync_api import expect

from chat.tests.page.doing import does, message, quote
from chat.tests.page.test_page import hears, is_connected, joins, says, sees_people, text_box
from chat.tests.page.test_shape import LOOK, PAYLOADS, WATCH

once = pytest.mark.stack("embedded")  # the other stack has nothing to add


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


@once
def test_no_quote_and_no_name_runs_a_script(make_site, join, open_page):
    site = make_site()
    page = open_page(site_url=site.url)
    page.add_init_script(WATCH)
    page.reload()
    joins(page, "Ada")
    bob = join(site, "Bob")
    half = len(PAYLOADS) // 2  # as many as a page keeps, with their answers
    for payloads in (PAYLOADS[:half], PAYLOADS[half:]):
        for payload in payloads:
            bob.says("an answer", reply_to=bob.says(payload))
        bob.says(f"{len(payloads)} were answered")
        hears(page, f"{len(payloads)} were answered")
        made = page.evaluate(LOOK, "#log .quote")
        assert (made["tags"], made["ran"], made["reports"]) == ([], 0, [])
    join(site, "<img src=x onerror=alert(1)>")
    sees_people(page, "<img src=x onerror=alert(1)>")
    text_box(page).press_sequentially("@<im")
    page.keyboard.press("Enter")
    expect(text_box(page)).to_have_value("@<img src=x onerror=alert(1)> ")
    page.keyboard.press("Enter")
    made = page.evaluate(LOOK, "#log .quote")
    assert (made["tags"], made["ran"], made["reports"]) == ([], 0, [])
