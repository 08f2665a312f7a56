"""Who comes back by the browser's button finds the page as they left it, and up to date."""

import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from chat.tests.conftest import BROWSERS
from chat.tests.page.test_page import hears, joins, says, text_box

pytestmark = pytest.mark.stack("embedded")  # the other stack has nothing to add


@pytest.fixture
def page():
    """One of a Chromium that keeps pages to come back to, which under Playwright it doesn't."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=next(filter(None, map(shutil.which, BROWSERS))),
            args=["--no-sandbox", "--disable-gpu"],
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield chromium.new_page()
        chromium.close()


def test_the_page_is_kept_as_it_was_and_goes_on(site, join, page):
    page.add_init_script("addEventListener('pageshow', e => { window.kept = e.persisted })")
    page.goto(site.url)
    joins(page, "Ada")
    says(page, "before I left")
    hears(page, "before I left")
    text_box(page).fill("half a thought")
    page.goto(site.url + "/robots.txt")
    join(site, "Bob").says("while you were away")
    page.go_back(wait_until="commit")
    assert page.evaluate("window.kept")
    hears(page, "while you were away")
    expect(page.get_by_role("status").filter(has_text="Connected")).to_be_attached()
    expect(text_box(page)).to_have_value("half a thought")
    says(page, "here again")
    hears(page, "here again")
