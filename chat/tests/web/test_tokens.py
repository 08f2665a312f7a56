"""Who keeps no cookie: a token says who they are, on sockets and over HTTP."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from chat.tests.support import eventually

once = pytest.mark.stack("embedded")  # the other stack has nothing to add


def posts(site, token, text, nonce=None, process=0, **fields):
    """POST one message; the whole response."""
    data = {"nonce": nonce or str(uuid.uuid4()), "text": text, **fields}
    headers = {"Authorization": f"Member {token}"}
    return site.request("/api/messages", data, headers=headers, process=process)


def held_days(site, member_id):
    (row,) = site.sql(f"SELECT lasting FROM chat_member WHERE id = '{member_id}'")
    return bool(row["lasting"])


def test_each_who_asks_gets_an_id_and_a_token_that_nobody_keeps(site):
    answer = site.request("/api/member", method="POST")
    assert answer.status == 201
    assert answer.json().keys() == {"id", "token"}
    assert "no-store" in answer.headers["cache-control"]
    assert "set-cookie" not in answer.headers
    assert site.token()[0] != site.token()[0]


@once
@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {}, 405),
        ("POST", {"Origin": "https://evil.example"}, 403),
        ("POST", {"Origin": "null"}, 403),
        ("POST", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("POST", {"Sec-Fetch-Site": "same-origin"}, 201),
    ],
)
def test_a_page_of_another_site_gets_none(site, method, headers, status):
    assert site.request("/api/member", method=method, headers=headers).status == status


@once
def test_tokens_count_as_joins_of_their_address(make_site):
    site = make_site(CHAT_JOIN_RATE="2/minute")
    site.token()
    site.token()
    answer = site.request("/api/member", method="POST")
    assert (answer.status, answer.json()["code"]) == (429, "rate_limited")
    assert int(answer.headers["retry-after"]) >= 1


def test_a_message_whose_answer_was_lost_is_stored_once_on_whatever_way_it_comes_again(site, join):
    member, token = site.token()
    ada = join(site, "Tokened", token=token)
    assert ada.id == member
    nonce = ada.posts("said once")
    seq = ada.is_accepted(nonce)
    ada.drops()
    again = join(site, "Tokened", token=token, process=-1)
    assert again.says("said once", nonce=nonce) == seq
    answer = posts(site, token, "said once", nonce, name="Tokened")
    assert (answer.status, answer.json()["seq"]) == (200, seq)
    assert [row["author"] for row in site.messages() if row["text"] == "said once"] == [member]


def test_one_does_not_meet_the_name_of_ones_own_ghost(site, join):
    _, token = site.token()
    ghost = join(site, "Ghostly", token=token)
    again = join(site, token=token, process=-1)
    assert again.name == "Ghostly"
    ghost.leaves()
    again.catches_up()
    assert join(site, token=token).name == "Ghostly", "the ghost's end took nothing away"
    assert join(site, "Ghostly and more").name
    other = join(site)
    other.sends({"type": "join", "name": "Ghostly"})
    other.gets("error", code="name_taken")


def test_the_name_is_held_while_one_is_here_and_not_for_days(site, join):
    member, token = site.token()
    ada = join(site, "Passing", token=token)
    cookie = site.cookie()
    bob = join(site, "Staying", cookie=cookie)
    ago = f"{datetime.now(UTC) - timedelta(hours=2):%F %T}+00"
    rows = [
        f"({seq}, {seq}, '{person.id}', '', '', '{seq}', '{ago}', '')"
        for seq, person in enumerate((ada, ada, bob, bob), -4)
    ]
    columns = "seq, rev, author, name, text, nonce, at, hidden_by"
    site.sql(f"INSERT INTO chat_message ({columns}) VALUES {', '.join(rows)}")
    ada.says("hello from a socket")
    assert posts(site, token, "hello from http", name="Passing").status == 201
    assert (
        site.request(
            "/api/messages", {"nonce": "12345678", "text": "x"}, headers={"Cookie": cookie}
        ).status
        == 201
    )
    eventually(lambda: held_days(site, bob.id))
    assert not held_days(site, member)


def test_over_http_a_token_is_as_good_as_a_cookie(site, join):
    member, token = site.token()
    bob = join(site, process=-1)
    assert posts(site, token, "without any cookie", name="Cookieless").status == 201
    assert bob.hears("without any cookie")["by"] == member
    assert posts(site, token, "and without a name again").status == 201
    assert join(site, token=token).name == "Cookieless"


@once
def test_a_cookie_counts_more_than_a_token(site, join):
    member, token = site.token()
    cookie = site.cookie()
    ada = join(site, "Doubly", cookie=cookie, token=token)
    assert ada.id != member
    headers = {"Authorization": f"Member {token}", "Cookie": cookie}
    answer = site.request(
        "/api/messages", {"nonce": "by-the-cookie", "text": "by the cookie"}, headers=headers
    )
    assert answer.status == 201
    assert ada.hears("by the cookie")["by"] == ada.id


@once
@pytest.mark.parametrize("token", ["", "me:forged:signature", "cookie"])
def test_a_token_that_is_none_of_ours_is_refused_and_makes_nobody(site, join, connect, token):
    if token == "cookie":
        token = site.cookie().partition("=")[2]
    person = connect(site, token=token)
    assert person.joins("Forged")["you"] is None
    assert [frame["type"] for frame in person.frames[:3]] == ["error", "hello", "messages"]
    assert person.frames[0]["code"] == "bad_field"
    assert person.joins("Forged")["you"]["name"] == "Forged", "as somebody new"
    answer = posts(site, token, "never", name="Forger")
    assert (answer.status, answer.json()["code"]) == (403, "cookie_required")


@once
def test_a_token_that_comes_later_changes_nobody(site, connect):
    _, token = site.token()
    person = connect(site)
    first = person.joins("Changeling")["you"]
    person.sends({"type": "join", "token": token})
    assert person.gets("hello")["you"] == first


@once
def test_a_token_is_not_a_cookie(site):
    _, token = site.token()
    headers = {"Cookie": f"member={token}"}
    answer = site.request("/api/messages", {"nonce": "12345678", "text": "x"}, headers=headers)
    assert answer.json()["code"] == "cookie_required"
    page = site.request("/", headers={"Authorization": f"Member {token}"})
    assert token.partition(":")[0] not in page.headers["set-cookie"], (
        "the page makes no cookie of it"
    )


def test_a_ban_holds_for_a_token_on_a_socket_and_over_http(site, join, connect):
    member, token = site.token()
    ada = join(site, "Banished", token=token)
    site.manage(
        "shell",
        "-c",
        "from chat import models; from chat.log import head;"
        f"models.Ban.objects.create(member_id='{member}', reason='rude', by='me'); head.touch()",
    )
    ada.gets("bye", code="banned")
    again = connect(site, token=token)
    again.sends({"type": "join", "name": "Banished", "token": token})
    again.gets("bye", code="banned")
    assert posts(site, token, "more").json()["code"] == "banned"
    headers = {"Authorization": f"Member {token}"}
    assert site.request("/api/messages", headers=headers).status == 403
