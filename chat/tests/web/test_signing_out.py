"""A cookie or a token can be revoked by its owner: all others that they were given are nobody's."""

import pytest

from chat.tests.support import eventually

once = pytest.mark.stack("embedded")  # the other stack has nothing to add


def forgets(site, process=0, **headers):
    return site.request("/api/member", {"forget": True}, headers=headers, process=process)


def posts(site, process=0, **headers):
    data = {"nonce": "12345678", "text": "hello", "name": "Ada"}
    return site.request("/api/messages", data, headers=headers, process=process)


def test_the_other_browsers_are_signed_out_everywhere_and_this_one_stays(site, join, connect):
    cookie = site.cookie()
    here, there = join(site, "Ada", cookie=cookie), join(site, cookie=cookie, process=-1)
    answer = forgets(site, Cookie=cookie)
    assert (answer.status, answer.json()) == (200, {"id": here.id})
    assert "no-store" in answer.headers["cache-control"]
    new = answer.headers["set-cookie"].partition(";")[0]
    for person in (here, there):
        person.gets("bye", code="resync", deadline=5)
    assert join(site, cookie=new, process=-1).name == "Ada"
    for process in (0, -1):
        assert posts(site, process, Cookie=cookie).status == 403
        stranger = connect(site, cookie=cookie, process=process)
        assert stranger.joins()["you"] is None
        page = site.request("/", headers={"Cookie": cookie}, process=process)
        assert f"member={here.id}" not in page.headers["set-cookie"]
    assert posts(site, -1, Cookie=new).status == 201
    page = site.request("/", headers={"Cookie": new}, process=-1)
    again = page.headers["set-cookie"].partition(";")[0]
    assert join(site, cookie=again).id == here.id, "the next visit doesn't lose it"


def test_so_it_is_with_tokens(site, join):
    member, token = site.token()
    ada = join(site, "Tokened", token=token)
    answer = forgets(site, Authorization=f"Member {token}")
    assert answer.json()["id"] == member
    assert "set-cookie" not in answer.headers
    ada.gets("bye", code="resync", deadline=5)
    for process in (0, -1):
        eventually(
            lambda process=process: (
                posts(site, process, Authorization=f"Member {token}").status == 403
            )
        )
    again = join(site, token=answer.json()["token"], process=-1)
    assert (again.id, again.name) == (member, "Tokened")


@once
def test_who_never_had_a_name_is_somebody_else_from_then_on_and_nothing_is_written(site, join):
    def written() -> list[dict]:
        members = site.sql("SELECT id, generation FROM chat_member ORDER BY id")
        return members + site.sql("SELECT version FROM chat_log")

    cookie, (member, token), before = site.cookie(), site.token(), written()
    new = forgets(site, Cookie=cookie).headers["set-cookie"].partition(";")[0]
    given = forgets(site, Authorization=f"Member {token}").json()
    assert given["id"] != member
    assert written() == before
    late = join(site, "Late", cookie=new)
    assert late.name == "Late"
    assert late.id not in cookie
    assert join(site, "Tardy", token=given["token"]).id == given["id"]


@once
def test_it_can_be_done_five_times_an_hour_and_a_stranger_moves_nothing(make_site, join):
    site = make_site(processes=1, CHAT_LIMITS="1")
    cookie = site.cookie()
    ada = join(site, "Ada", cookie=cookie, address="127.0.6.1")

    def tries(address: str, **headers: str) -> int:
        return site.request(
            "/api/member", {"forget": True}, headers=headers, address=address
        ).status

    before = site.sql("SELECT version FROM chat_log")
    crowd = [tries("127.0.6.2", Cookie=site.cookie()) for _ in range(60)]
    assert crowd == [200] * 5 + [429] * 55
    assert site.sql("SELECT version FROM chat_log") == before
    ada.hears_nothing()
    assert tries("127.0.6.1", Cookie=cookie) == 200
    ada.gets("bye", code="resync", deadline=5)


@once
def test_it_holds_after_a_restart(make_site, join):
    site = make_site()
    cookie = site.cookie()
    join(site, "Ada", cookie=cookie).drops()
    forgets(site, Cookie=cookie)
    site.stop()
    site.start()
    assert posts(site, Cookie=cookie).status == 403


@once
@pytest.mark.parametrize(
    ("data", "headers", "code"),
    [
        ({"forget": True}, {}, "cookie_required"),
        ({"forget": True}, {"Cookie": "member=forged"}, "cookie_required"),
        ({"forget": "yes"}, {}, "bad_field"),
        (b"forget", {"Content-Type": "application/json"}, "not_json"),
        (b'{"forget": true}', {"Content-Type": "text/plain"}, "not_json"),
        ({"forget": True}, {"Origin": "https://evil.example"}, "cross_origin"),
    ],
)
def test_what_is_wrong_is_said_and_signs_nobody_out(site, join, data, headers, code):
    ada = join(site, cookie=site.cookie())
    answer = site.request("/api/member", data, headers=headers)
    assert answer.json()["code"] == code
    ada.hears_nothing()


@once
def test_a_cookie_of_a_generation_that_nobody_has_given_is_none_of_ours(site):
    name, _, value = site.cookie().partition("=")
    member, _, signature = value.partition(":")
    assert posts(site, Cookie=f"{name}={member}.7:{signature}").status == 403
