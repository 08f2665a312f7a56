"""“Sign out other browsers”: this page goes on, the others are somebody new."""

import pytest
from playwright.sync_api import expect

from chat.tests.page.test_page import hears, is_connected, joins, name_box, says, text_box

pytestmark = pytest.mark.stack("embedded")  # the other stack has nothing to add


def test_this_browser_goes_on_as_who_it_was_and_another_with_its_cookie_does_not(site, open_page):
    here = joins(open_page(width=360, height=740), "Signing")
    elsewhere = open_page()
    elsewhere.context.add_cookies(here.context.cookies())
    elsewhere.reload()
    expect(text_box(elsewhere)).to_be_visible()

    here.get_by_role("button", name="Change name").click()
    button = here.get_by_role("button", name="Sign out other browsers")
    expect(button).to_be_in_viewport()
    wide = name_box(here).bounding_box()["width"]
    button.click()
    expect(text_box(here)).to_be_focused()
    expect(name_box(elsewhere)).to_be_visible()
    is_connected(here)
    says(here, "still me")
    hears(here, "still me")
    here.reload()
    expect(text_box(here)).to_be_visible()
    joins(elsewhere, "Somebody")
    hears(elsewhere, "still me")
    assert len({row["author"] for row in site.messages()}) == 1
    assert wide > 60, "the name's box has kept its width"
    for page in (here, elsewhere):
        page.problems.clear()
