"""What people do with messages and see of them, for the tests of the page."""

import json
import re

from playwright.sync_api import Locator, Page, expect


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
    expect(message(page, text).first).to_be_focused()


def quote(page: Page, text: str) -> Locator:
    """What an answer shows of what it answers."""
    return message(page, text).locator(".quote")


def chip(page: Page, text: str, emoji: str) -> Locator:
    return message(page, text).get_by_role("button", name=re.compile(f"^{emoji}"))


def options(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Suggestions").get_by_role("option")
