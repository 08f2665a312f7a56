"""Moderators at work, in real browsers: the admin on one screen, the room on others."""

import re

import pytest
from playwright.sync_api import Page, expect

from chat.tests.admin.test_admin import Moderator
from chat.tests.page.test_page import hears, is_connected, joins, log, says, text_box
from chat.tests.support import eventually

once = pytest.mark.stack("embedded")  # the other stack has nothing to add
DO_IT = re.compile("^(Go|Run)$")  # the button of the admin's actions; Run, from Django 6.1 on
EVIL = "<img src=x onerror=alert(1)>"
MAKE_MODERATOR = """
from django.contrib.auth.models import Group, User
mod = User.objects.create_user("olu", password="secret-enough", is_staff=True)
mod.groups.add(Group.objects.get(name="Moderators"))
"""


@pytest.fixture(scope="module")
def site(site):
    site.manage("shell", "-c", MAKE_MODERATOR)
    return site


@pytest.fixture
def admin(site, open_page) -> Page:
    """The admin, with a moderator logged in who is no superuser."""
    page = open_page("/admin/")
    page.get_by_label("Username").fill("olu")
    page.get_by_label("Password").fill("secret-enough")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Site administration").or_(page.get_by_text("Keep"))).to_be_visible()
    return page


def goes(admin: Page, site, path: str) -> None:
    admin.goto(f"{site.url}/admin/chat/{path}")


def forged(site, address: str) -> dict:
    return {"extra_http_headers": {"X-Forwarded-For": address}}


@once
def test_a_spammers_mouth_is_closed_in_two_clicks(make_site, open_page, shot):
    # Addresses as a proxy would tell them: all browsers of this test are on one machine.
    site = make_site(CHAT_TRUSTED_HOPS="1")
    site.manage("shell", "-c", MAKE_MODERATOR)
    ada = joins(open_page(site_url=site.url, **forged(site, "203.0.113.1")), "Ada")
    spammer = joins(open_page(site_url=site.urls[-1], **forged(site, "203.0.113.66")), "Spammer")
    second_tab = spammer.context.new_page()
    second_tab.goto(site.url)
    is_connected(second_tab)
    says(ada, "a kind word")
    spammer.bring_to_front()  # a tab in the background is slow
    for number in range(10):
        says(spammer, f"buy this {number}")
    hears(ada, "buy this 9")

    admin = open_page("/admin/", site_url=site.url, **forged(site, "203.0.113.2"))
    admin.get_by_label("Username").fill("olu")
    admin.get_by_label("Password").fill("secret-enough")
    admin.get_by_role("button", name="Log in").click()
    admin.goto(f"{site.url}/admin/chat/message/?q=buy")
    shot(admin, "admin-messages")
    admin.get_by_role("link", name="Ban…").first.click()
    admin.get_by_label("Reason").fill("Advertising")
    shot(admin, "admin-ban")
    admin.get_by_label("Reason").fill(f"advertising {EVIL}")
    admin.get_by_role("button", name="Ban Spammer").click()
    expect(admin.get_by_text("Spammer is banned.")).to_be_visible()
    shot(admin, "admin-bans")

    expect(log(ada).get_by_text(re.compile("buy this"))).to_have_count(0)
    hears(ada, "a kind word")
    for tab in (spammer, second_tab):
        expect(tab.get_by_role("status").get_by_text("advertising <img")).to_be_visible()
        expect(text_box(tab)).to_be_disabled()
    shot(spammer, "banned")
    assert spammer.reload().status == 403
    expect(spammer.get_by_text("advertising <img")).to_be_visible()
    assert spammer.locator("img").count() == 0
    spammer.context.clear_cookies()
    assert spammer.reload().status == 403
    spammer.problems.clear()  # Chromium tells of each 403

    admin.goto(f"{site.url}/admin/chat/ban/")
    admin.locator(".action-select").first.check()
    admin.locator("select[name=action]").select_option("unban")
    admin.get_by_role("button", name=DO_IT).click()
    expect(admin.get_by_text("1 may come back.")).to_be_visible()
    eventually(lambda: spammer.reload().status == 200)
    says(joins(spammer, "Reformed"), "sorry")
    hears(ada, "sorry")
    spammer.problems.clear()

    noted = site.sql("SELECT change_message FROM django_admin_log ORDER BY id")
    words = [row["change_message"] for row in noted]
    assert sum(word.startswith("Banned Spammer and 203.0.113.66.") for word in words) == 2
    assert sum(word.startswith("Hidden. Reason: advertising") for word in words) == 10
    assert words[-2:] == ["Unbanned.", "Unbanned."]


@once
def test_many_messages_are_hidden_with_a_reason_and_shown_again(site, join, open_page, admin):
    page = open_page()
    bob = join(site, "Hasty Bob")
    for number in range(3):
        bob.says(f"oops {number}")
    hears(page, "oops 2")
    goes(admin, site, "message/?q=oops")
    for action, count in (("hide", 0), ("restore", 3)):
        admin.locator("#action-toggle").check()
        admin.locator("select[name=action]").select_option(action)
        admin.get_by_role("button", name=DO_IT).click()
        admin.get_by_label("Reason").fill("by mistake")
        admin.locator("input[type=submit].default").click()
        expect(log(page).get_by_text(re.compile("oops"))).to_have_count(count)
        goes(admin, site, "message/?q=oops")


def test_notice_and_mode_appear_on_every_open_page(site, open_page, shot):
    page = joins(open_page(width=390, height=780), "Reader")
    owner = Moderator(site)  # a superuser: moderators have no business with the settings
    room = {"title": "The café", "slow_seconds": "30", "pressure": "normal"}
    owner.submits("/admin/chat/room/1/change/", **room, notice="Back at six.", mode="read_only")
    expect(page.get_by_role("heading", name="The café")).to_be_visible()
    expect(text_box(page)).to_be_disabled()
    expect(page.get_by_placeholder("Nobody can write here at the moment")).to_be_visible()
    shot(page, "read-only-phone")
    owner.submits("/admin/chat/room/1/change/", **room, notice=EVIL, mode="slow")
    expect(page.get_by_placeholder("Say something, once in 30 s")).to_be_visible()
    says(page, "once")
    hears(page, "once")
    says(page, "twice")
    expect(page.get_by_text(re.compile("slow mode.*Goes out in"))).to_be_visible()
    page.get_by_role("button", name="Discard").click()
    assert page.locator("img").count() == 0


def test_a_ban_bites_within_two_seconds_though_nobody_is_told(site, join):
    spammer = join(site, "Quiet spammer", process=-1)
    # Behind the back of the verbs: no hint goes out, only the version in the database.
    site.sql(
        "INSERT INTO chat_ban (member_id, network, reason, by, made_at) "
        f"VALUES ('{spammer.id}', '', 'spam', 'mod', '2026-01-01')"
    )
    site.sql("UPDATE chat_log SET version = version + 1")
    bye = spammer.gets("bye", deadline=2.5)
    assert (bye["code"], bye["message"]) == ("banned", "You are banned. Reason: spam.")
    assert spammer.is_closed() == 4003


@once
def test_a_moderator_reaches_nothing_more_than_their_rights(site, join, admin):
    """Walks every address of every model, by GET and by POST."""
    ada = join(site, "Walked by")
    ada.says("still here")
    listed = site.manage(
        "shell",
        "-c",
        "from django.contrib import admin\n"
        "for model in admin.site._registry:\n"
        "    print('model', model._meta.app_label, model._meta.model_name)",
    )
    models = [line.split()[1:] for line in listed.splitlines() if line.startswith("model ")]
    assert ["auth", "user"] in models
    assert ["chat", "room"] in models
    cookies = {cookie["name"]: cookie["value"] for cookie in admin.context.cookies()}
    before = state_of(site)
    for app, model in models:
        key = {"message": "1", "member": ada.id}.get(model, "1")
        visible = app == "chat" and model in {"message", "member", "ban", "act"}
        for path in ("", "add/", f"{key}/change/", f"{key}/delete/", f"{key}/history/"):
            url = f"{site.url}/admin/{app}/{model}/{path}"
            readable = visible and path not in ("add/", f"{key}/delete/")
            if (model, path) != ("ban", "add/"):
                got = admin.request.get(url, max_redirects=0).status
                # A ban or an act number 1 there is not: the admin says so on its first page.
                assert got == 200 or got == 302 if readable else got in (403, 302), url
                assert readable or got == 403 or model == "ban", url
            form = {"csrfmiddlewaretoken": cookies["csrftoken"], "post": "yes", "title": "mine"}
            if (model, path) != ("ban", "add/"):
                admin.request.post(url, form=form, headers={"Referer": url}, max_redirects=0)
    assert state_of(site) == before


def state_of(site) -> list:
    tables = ("auth_user", "auth_group", "auth_group_permissions", "chat_room", "chat_message")
    return [site.sql(f"SELECT * FROM {table} ORDER BY 1") for table in (*tables, "chat_ban")]
