"""The room over HTTP: a real Daphne, and people on sockets beside."""

import queue
import threading
import uuid
from http.client import HTTPConnection

import pytest

from chat.tests.faults import sabotage
from chat.tests.faults.sabotage import arm, sabotaged
from chat.tests.support import eventually

JSON = {"Content-Type": "application/json"}
once = pytest.mark.stack("embedded")  # the other stack has nothing to add


class Caller:
    """Somebody without WebSockets: a cookie, and requests."""

    def __init__(self, site, name=None, *, process=0, **headers):
        self.site, self.name, self.process = site, name, process
        self.headers = {"Cookie": site.cookie(), **headers}

    def posts(self, text, nonce=None, **fields):
        """POST one message; the whole response."""
        data = {"nonce": nonce or str(uuid.uuid4()), "text": text, **fields}
        if self.name:
            data.setdefault("name", self.name)
        return self.site.request(
            "/api/messages", data, headers=dict(self.headers), process=self.process
        )

    def says(self, text, nonce=None):
        """POST one message, which must be new; its seq."""
        answer = self.posts(text, nonce)
        assert answer.status == 201, answer.body
        return answer.json()["seq"]

    def reads(self, after=None, *, epoch=None, wait=None):
        """GET what came after; the answer's object."""
        given = {"after": after, "epoch": epoch, "wait": wait}
        query = "&".join(f"{name}={value}" for name, value in given.items() if value is not None)
        answer = self.site.request(
            f"/api/messages?{query}", headers=dict(self.headers), process=self.process
        )
        assert answer.status == 200, answer.body
        return answer.json()

    def hears_later(self, after, epoch):
        """Start a long poll; a function that gives its answer."""
        answers = []
        waiting = threading.Thread(
            target=lambda: answers.append(self.reads(after, epoch=epoch, wait=25))
        )
        waiting.start()

        def answer():
            waiting.join(30)
            return answers[0]

        return answer


def texts(page):
    return [message["text"] for message in page["messages"]]


# --- reading -------------------------------------------------------------------------------------
def test_who_comes_anew_reads_the_latest_and_goes_on_from_there(make_site, join):
    site = make_site()
    ada = join(site, "Ada")
    for number in range(1, 61):
        ada.says(f"{number}")
    eve = Caller(site)
    page = eve.reads()
    assert page["resumed"] is False
    assert page["more"] is False
    assert texts(page) == [f"{number}" for number in range(11, 61)]
    assert (page["from"], page["to"], page["seq"]) == (11, 60, 60)
    nothing = eve.reads(60, epoch=page["epoch"])
    assert (nothing["from"], nothing["to"], nothing["messages"]) == (61, 60, [])
    assert nothing["resumed"] is True
    ada.says("61")
    assert texts(eve.reads(60, epoch=page["epoch"])) == ["61"]
    assert texts(eve.reads(58)) == ["59", "60", "61"], "without an epoch: of this one"


@once
def test_an_empty_room_is_an_empty_page(make_site):
    page = Caller(make_site()).reads()
    assert (page["from"], page["to"], page["seq"], page["messages"]) == (1, 0, 0, [])


def test_another_epoch_or_a_position_ahead_starts_afresh(site, join):
    seq = join(site, "Ada").says("hello")
    eve = Caller(site)
    epoch = eve.reads()["epoch"]
    for after, mark in ((seq, "another"), (seq + 1000, epoch)):
        page = eve.reads(after, epoch=mark, wait=25)
        assert page["resumed"] is False
        assert page["epoch"] == epoch
        assert page["messages"]


@once
def test_long_messages_come_page_by_page(make_site, join):
    site = make_site()
    ada = join(site, "Ada")
    for _ in range(12):
        ada.says("ä" * 4000)
    for _ in range(30):
        ada.says("é" * 4000)
    eve = Caller(site)
    got, after, pages, page = [], 0, 0, {"more": True}
    while page["more"]:
        page = eve.reads(after)
        assert page["from"] == after + 1
        got += texts(page)
        after, pages = page["to"], pages + 1
    assert len(got) == 42
    assert pages == 3  # 8,000 bytes each, 128 KiB a page


def test_what_was_hidden_meanwhile_is_told(make_site, join):
    site = make_site()
    ada = join(site, "Ada")
    seq = ada.says("rude")
    site.manage(
        "shell",
        "-c",
        "from chat.models import Message; from chat.log import change;"
        f"change.hide(Message.objects.filter(seq={seq}), 'me')",
    )
    eventually(lambda: Caller(site).reads(seq)["to"] == seq + 1)
    (change,) = Caller(site).reads(seq)["messages"]
    assert change["removed"] is True
    assert change["seq"] == seq


# --- waiting -------------------------------------------------------------------------------------
def test_a_long_poll_is_answered_when_something_is_said_on_any_process(site, join):
    ada = join(site, "Ada")
    at, epoch = ada.says("now"), ada.epoch
    answers = [
        Caller(site, process=number).hears_later(at, epoch) for number in range(len(site.processes))
    ]
    ada.says("then")
    assert [texts(answer()) for answer in answers] == [["then"]] * len(answers)


@once
def test_a_long_poll_that_hears_nothing_ends_in_time(site):
    eve = Caller(site)
    at = eve.reads()
    page = eve.reads(at["to"], epoch=at["epoch"], wait=1)
    assert page["messages"] == []
    assert page["to"] == at["to"]


@once
def test_who_waits_is_counted_by_address_and_gives_the_place_back(make_site):
    site = make_site(CHAT_SOCKETS_PER_ADDRESS="2", processes=1)
    eve = Caller(site)
    path = f"/api/messages?after={eve.reads()['to']}&wait=25"
    answers = queue.Queue()
    for _ in range(5):
        threading.Thread(target=lambda: answers.put(site.request(path))).start()
    for refused in [answers.get(timeout=10) for _ in range(3)]:
        assert refused.status == 429
        assert refused.json()["code"] == "rate_limited"
        assert int(refused.headers["retry-after"]) >= 1
    assert eve.reads()["messages"] == [], "who doesn't wait is not counted"
    seq = Caller(site, "Ada").says("hello")
    for heard in [answers.get(timeout=10) for _ in range(2)]:
        assert texts(heard.json()) == ["hello"]
    assert eve.reads(seq, wait=1)["messages"] == []


@once
def test_who_hangs_up_gives_the_place_back_at_once(make_site):
    site = make_site(CHAT_SOCKETS_PER_ADDRESS="1", processes=1)
    probe = "/api/messages?after=0&wait=1"

    def has_the_place():
        link = HTTPConnection("127.0.0.1", site.processes[0].port)
        link.request("GET", "/api/messages?after=0&wait=25")
        return link if site.request(probe).status == 429 else link.close()

    eventually(has_the_place).close()
    eventually(lambda: site.request(probe).status == 200, deadline=5)


# --- posting -------------------------------------------------------------------------------------
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
