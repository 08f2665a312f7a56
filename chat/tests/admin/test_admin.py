"""The admin, over HTTP to a real Daphne, as a moderator's browser sees it."""

import http.cookiejar
import urllib.parse
import urllib.request

import pytest

from chat.admin import lists, messages
from chat.log import append
from chat.log.entries import Draft
from chat.models import Message

EVIL = "<img src=x onerror=alert(1)>"


class Moderator:
    """A browser without scripts that is logged in to the admin."""

    def __init__(self, site, name: str = "mod"):
        self._url = site.url
        self._jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))
        site.manage(
            "shell",
            "-c",
            "from django.contrib.auth.models import User; "
            f"User.objects.create_superuser('{name}', '', 'secret-enough')",
        )
        self.reads("/admin/login/")
        self.submits("/admin/login/?next=/admin/", username=name, password="secret-enough")

    def reads(self, path: str) -> str:
        return self._opener.open(self._url + path, timeout=20).read().decode()

    def submits(self, path: str, **fields: str) -> str:
        token = next(cookie.value for cookie in self._jar if cookie.name == "csrftoken")
        data = urllib.parse.urlencode(fields | {"csrfmiddlewaretoken": token}).encode()
        request = urllib.request.Request(self._url + path, data, {"Referer": self._url + path})
        return self._opener.open(request, timeout=20).read().decode()


@pytest.fixture(scope="module")
def moderator(site):
    return Moderator(site)


def test_messages_are_read_searched_and_harmless(site, moderator, join):
    join(site, EVIL).says(EVIL + " spam")
    join(site, "Ada").says("a kind word")
    page = moderator.reads("/admin/chat/message/?q=spam")
    assert "a kind word" not in page
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt; spam" in page
    page = moderator.reads("/admin/chat/message/1/change/")
    assert "<img src=x" not in page
    assert 'name="_save"' not in page
    assert 'class="deletelink"' not in page


def test_members_are_listed_and_harmless(site, moderator, join):
    join(site, EVIL)
    page = moderator.reads("/admin/chat/member/?q=img")
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<img src=x" not in page


def test_what_the_room_is_called_reaches_every_open_page(site, moderator, join):
    ada = join(site, "Ada")
    moderator.submits(
        "/admin/chat/room/1/change/",
        title=EVIL,
        notice="Be kind",
        mode="open",
        slow_seconds="30",
        pressure="normal",
    )
    assert ada.gets("room") == {
        "type": "room",
        "title": EVIL,
        "notice": "Be kind",
        "mode": "open",
        "slow_seconds": 30,
    }
    page = site.request("/").body.decode()
    assert "<img src=x" not in page
    assert "Be kind" in page


def test_in_a_read_only_room_nobody_writes_until_it_is_open_again(site, moderator, join):
    ada = join(site, "Ada")
    room = {"title": "Simple chat", "notice": "", "slow_seconds": "30", "pressure": "tight"}
    moderator.submits("/admin/chat/room/1/change/", **room, mode="read_only")
    ada.gets("room", mode="read_only")
    assert ada.is_rejected(ada.posts("hello?"))["code"] == "read_only"
    moderator.submits("/admin/chat/room/1/change/", **room, mode="open")
    ada.gets("room", mode="open")
    ada.says("hello!")
    assert site.sql("SELECT pressure FROM chat_room") == [{"pressure": "tight"}]


@pytest.mark.stack("embedded")
def test_who_is_banned_by_address_does_not_come_back_from_the_next_one(make_site, connect, join):
    site = make_site(CHAT_TRUSTED_HOPS="1")

    def comes_from(address: str) -> dict:
        return {"headers": {"X-Forwarded-For": address}}

    spammer = join(site, "Spammer", **comes_from("2001:db8:1:2::66"))
    neighbour = connect(site, **comes_from("2001:db8:1:2:f00::1"))
    neighbour.joins("Another name")
    stranger = join(site, "Stranger", **comes_from("2001:db8:1:3::1"))
    answer = Moderator(site).submits(
        f"/admin/chat/member/{spammer.id}/ban/", lasts="day", address_too="on", reason="spam"
    )
    assert "Spammer and 2001:db8:1:2::/64" in answer
    assert spammer.gets("bye")["code"] == neighbour.gets("bye")["code"] == "banned"
    late = connect(site, **comes_from("2001:db8:1:2:ffff:ffff:ffff:ffff"))
    late.sends({"type": "join", "name": "A third name"})
    assert late.gets("bye")["code"] == "banned"
    stranger.says("I was not meant")


def test_there_is_one_room_and_nothing_is_deleted(moderator):
    for path in ("room/add/", "room/1/delete/", "message/add/", "member/add/"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            moderator.reads(f"/admin/chat/{path}")
        assert caught.value.code == 403


def test_the_log_itself_is_not_in_the_admin(moderator):
    assert "/admin/chat/log/" not in moderator.reads("/admin/")


def test_a_stranger_is_asked_to_log_in(site):
    assert "password" in site.request("/admin/chat/message/").body.decode()


def test_what_a_message_said_before_it_was_edited_is_on_its_page_until_its_author_removes_it(
    site, moderator, join
):
    ada = join(site, "Ada the second")
    seq = ada.says("you are a fool")
    ada.edits(seq, "you are a friend")
    page = moderator.reads(f"/admin/chat/message/{seq}/change/")
    assert "you are a fool" in page
    assert 'name="former_texts-0-text"' not in page, "it can be changed"
    ada.removes(seq)
    assert "you are a" not in moderator.reads(f"/admin/chat/message/{seq}/change/")


def test_the_list_of_messages_is_counted_no_further_than_it_is_shown(db, monkeypatch):
    monkeypatch.setattr(lists, "LISTED", 3)
    append.store([Draft("ada", "Ada", f"nonce-{number:04}", "hello") for number in range(5)])
    newest = messages.MessageAdmin.paginator(Message.objects.order_by("-seq"), 2)
    assert newest.count == 3
    assert [message.seq for page in newest for message in page] == [5, 4, 3]
