"""To post over HTTP: a real Daphne, and people on sockets beside."""

import threading
import uuid

import pytest

from chat.tests.faults import sabotage
from chat.tests.faults.sabotage import arm, sabotaged
from chat.tests.support import eventually
from chat.tests.web.caller import Caller

JSON = {"Content-Type": "application/json"}
once = pytest.mark.stack("embedded")  # the other stack has nothing to add


def test_what_is_posted_is_heard_by_all_and_a_retry_changes_nothing(site, join):
    bob, nonce = join(site, "Bob", process=-1), str(uuid.uuid4())
    hal = Caller(site, "Hal")
    seq = hal.says("hello from http", nonce)
    message = bob.hears("hello from http")
    assert message["seq"] == seq
    assert message["name"] == "Hal"
    assert message["nonce"] == nonce
    again = hal.posts("hello from http", nonce)
    assert (again.status, again.json()) == (200, {"nonce": nonce, "seq": seq})
    bob.hears_nothing()


def test_the_same_person_is_one_on_a_socket_and_over_http(site, join):
    hal = Caller(site, "Hal the second")
    first = hal.says("over http")
    socket = join(site, cookie=hal.headers["Cookie"])
    assert socket.name == "Hal the second"
    assert socket.says("over a socket") > first
    assert hal.posts("renamed", name="Hal the third").status == 201
    assert socket.gets("you")["name"] == "Hal the third"
    assert {row["author"] for row in site.messages() if row["name"].startswith("Hal the")} == {
        socket.id
    }


@once
def test_the_name_is_remembered(site):
    hal = Caller(site, "Remembered")
    hal.says("first")
    hal.name = None
    hal.says("second")
    assert site.messages()[-1]["name"] == "Remembered"


@once
@pytest.mark.parametrize(
    ("data", "headers", "status", "code"),
    [
        (b"{", {}, 400, "not_json"),
        (b"\xff", {}, 400, "not_json"),
        (b"[]", {}, 400, "not_an_object"),
        ({"text": "no nonce"}, {}, 400, "bad_field"),
        ({"nonce": "12345678", "text": 7}, {}, 400, "bad_field"),
        ({"nonce": "12345678", "text": "x", "name": 7}, {}, 400, "bad_field"),
        ({"nonce": "12345678", "text": " "}, {}, 400, "empty"),
        ({"nonce": "12345678", "text": "\x00"}, {}, 400, "invalid_text"),
        ({"nonce": "12345678", "text": "x", "name": "\u202e"}, {}, 400, "name_invalid"),
        ({"nonce": "12345678", "text": "x" * 4001}, {}, 413, "too_long"),
        ({"nonce": "12345678", "text": "x" * 20_000}, {}, 413, "too_long"),
        ({"nonce": "12345678", "text": "x"}, {"Content-Type": "text/plain"}, 400, "not_json"),
        ({"nonce": "12345678", "text": "x"}, {"Cookie": ""}, 403, "cookie_required"),
        ({"nonce": "12345678", "text": "x"}, {"Cookie": "member=me:forged"}, 403, None),
        ({"nonce": "12345678", "text": "x"}, {"Origin": "https://evil.example"}, 403, None),
        ({"nonce": "12345678", "text": "x"}, {"Origin": "null"}, 403, "cross_origin"),
        ({"nonce": "12345678", "text": "x"}, {"Sec-Fetch-Site": "cross-site"}, 403, "cross_origin"),
        ({"nonce": "12345678", "text": "x"}, {"Sec-Fetch-Site": "same-site"}, 403, "cross_origin"),
        ({"nonce": "12345678", "text": "x"}, {}, 403, "name_required"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_stored(site, data, headers, status, code):
    before = len(site.messages())
    answer = site.request(
        "/api/messages", data, method="POST", headers={"Cookie": site.cookie(), **JSON, **headers}
    )
    assert answer.status == status, answer.body
    assert code in (None, answer.json()["code"])
    assert answer.json()["message"]
    assert len(site.messages()) == before


@once
def test_a_page_of_ours_may_post(site):
    hal = Caller(site, "Same origin", Origin=site.url, **{"Sec-Fetch-Site": "same-origin"})
    hal.says("from the page")


@once
def test_another_text_under_a_used_nonce_is_a_conflict(site):
    hal, nonce = Caller(site, "Conflicted"), str(uuid.uuid4())
    hal.says("one thing", nonce)
    answer = hal.posts("another thing", nonce)
    assert (answer.status, answer.json()["code"]) == (409, "nonce_conflict")


@once
def test_a_name_that_somebody_has_can_not_be_had(site, join):
    join(site, "Taken")
    answer = Caller(site, "taken").posts("hello")
    assert (answer.status, answer.json()["code"]) == (409, "name_taken")


@once
def test_who_posts_too_fast_is_told_for_how_long_and_a_retry_of_what_is_stored_is_not(make_site):
    site = make_site(CHAT_POST_RATE="2/minute", processes=1)
    hal, nonce = Caller(site, "Hal"), str(uuid.uuid4())
    seq = hal.says("one", nonce)
    hal.says("two")
    answer = hal.posts("three")
    assert (answer.status, answer.json()["code"]) == (429, "rate_limited")
    assert 0 < int(answer.headers["retry-after"]) <= 60
    again = hal.posts("one", nonce)
    assert (again.status, again.json()["seq"]) == (200, seq)
    assert [row["text"] for row in site.messages()] == ["one", "two"]


def test_a_banned_person_can_neither_post_nor_go_on_waiting(make_site):
    site = make_site()
    hal = Caller(site, "Hal")
    seq = hal.says("hello")
    member = site.messages()[0]["author"]
    waiting = []
    path = f"/api/messages?after={seq}&wait=25"
    poll = threading.Thread(
        target=lambda: waiting.append(site.request(path, headers=dict(hal.headers)))
    )
    poll.start()
    site.manage(
        "shell",
        "-c",
        "from chat import models; from chat.log import head;"
        f"models.Ban.objects.create(member_id='{member}', reason='rude', by='me'); head.touch()",
    )
    eventually(lambda: site.request("/api/messages", headers=dict(hal.headers)).status == 403)
    assert hal.posts("more").json()["code"] == "banned"
    Caller(site, "Ada").says("something new")
    poll.join()
    assert waiting[0].status == 403


@once
def test_another_method_is_not_allowed(site):
    answer = site.request("/api/messages", method="DELETE")
    assert answer.status == 405
    assert "POST" in answer.headers["allow"]


# --- Outcomes that are not known yet -------------------------------------------------------------
@once
def test_what_takes_too_long_is_neither_refused_nor_stored_but_not_known_and_asked_again(make_site):
    site = make_site(program=sabotaged(sabotage.stores_late))
    ada = Caller(site, "Ada")
    ada.says("before")
    armed = arm(site.env)
    answer = ada.posts("late", nonce="a-late-one")
    assert not armed.exists()
    assert (answer.status, answer.json()["code"]) == (504, "unknown")
    assert answer.headers["retry-after"] == "2"
    assert site.sql("SELECT * FROM chat_message WHERE nonce = 'a-late-one'") == []
    again = ada.posts("late", nonce="a-late-one")
    eventually(lambda: ada.posts("late", nonce="a-late-one").status == 200)
    assert again.status in {200, 504}
    assert len(site.sql("SELECT * FROM chat_message WHERE nonce = 'a-late-one'")) == 1


@once
@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_what_json_does_not_know_is_no_json(site, constant):
    ada = Caller(site)
    body = f'{{"nonce":"not-a-number","text":"hello","x":{constant}}}'.encode()
    answer = site.request("/api/messages", body, headers=ada.headers | JSON)
    assert (answer.status, answer.json()["code"]) == (400, "not_json")
