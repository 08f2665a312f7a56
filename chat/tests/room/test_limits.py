"""What one address may do to a real site: it waits, and nobody else does."""

import json

import pytest
from websockets.exceptions import InvalidStatus

from chat.tests.support.site import AS_BY_DEFAULT
from chat.tests.web.caller import texts

pytestmark = pytest.mark.stack("embedded")  # budgets are each process's own

HERE, THERE = "127.0.0.1", "127.0.1.2"
FRAME = 128 * 1024


def refusals(people) -> list[dict]:
    return [
        frame for one in people for frame in one.frames if frame["type"] in {"error", "rejected"}
    ]


def test_a_school_at_one_address_comes_talks_and_comes_back_and_nobody_is_refused(make_site, join):
    site = make_site(processes=1, **AS_BY_DEFAULT)
    school = []
    for number in range(200):
        page = site.request("/", address=THERE)
        assert page.status == 200
        cookie = page.headers["set-cookie"].partition(";")[0]
        school.append(join(site, f"Pupil {number}", cookie=cookie, address=THERE))
    for pupil in school:
        pupil.posts("hello")
    for pupil in school:
        pupil.hears("hello")
    for pupil in school:  # the network was away
        pupil.drops()
    before = refusals(school)
    for pupil in school:
        pupil.resumes()
        pupil.says("again")
    assert before + refusals(school) == []


# --- Posts ---------------------------------------------------------------------------------------
def test_many_at_one_address_are_too_fast_together_and_somebody_elsewhere_is_not(make_site, join):
    site = make_site(processes=1, CHAT_POSTS_PER_ADDRESS="5/hour")
    crowd = [join(site, f"Member {number}", address=THERE) for number in range(8)]
    answers = [one.is_answered(one.posts("spam")) for one in crowd]
    assert [answer["type"] for answer in answers].count("accepted") == 5
    assert {answer.get("code") for answer in answers} == {None, "rate_limited"}
    join(site, "Ada").says("hello")


def test_the_rooms_pace_is_kept_by_who_has_said_most(make_site, join):
    site = make_site(processes=1, CHAT_ROOM_PACE="8 KiB/second")
    loud = [join(site, f"Member {number}", address=THERE) for number in range(4)]
    ada = join(site, "Ada")
    answers = [one.is_answered(one.posts("x" * 4000)) for _ in range(8) for one in loud]
    assert "rate_limited" in {answer.get("code") for answer in answers}
    for _ in range(3):
        ada.says("hello")


def test_under_pressure_newcomers_may_do_a_quarter_within_two_seconds(make_site, join):
    site = make_site(processes=1, CHAT_POSTS_PER_ADDRESS="8/hour")

    def may_say(address: str) -> int:
        people = [join(site, f"{address} {number}", address=address) for number in range(9)]
        return [one.is_answered(one.posts("hello"))["type"] for one in people].count("accepted")

    watching = join(site, "Ada")
    assert may_say("127.0.1.1") == 8
    site.transaction(
        "UPDATE chat_room SET pressure = 'tight', title = 'Tight'",
        "UPDATE chat_log SET version = version + 1",
    )
    assert "pressure" not in watching.gets("room", title="Tight"), "nobody is told"
    assert may_say("127.0.1.2") == 2


# --- Joins ---------------------------------------------------------------------------------------
def test_a_join_beyond_the_rate_brings_little_and_the_room_goes_on(make_site, join):
    site = make_site(processes=1, CHAT_JOIN_RATE="2/hour")
    ada = join(site, "Ada")
    for number in range(30):
        ada.says(f"{number} " + "x" * 1000)
    join(site, "Bob", address=THERE)
    join(site, "Carol", address=THERE)
    eve = join(site, None, address=THERE)
    assert eve.frames[0]["code"] == "rate_limited"
    assert [message["seq"] for message in eve.history] == list(range(24, 31))
    ada.says("after")
    eve.hears("after")


def test_who_resumes_beyond_the_budget_gets_all_of_it_later(make_site, join):
    site = make_site(processes=1, CHAT_RESUME_BYTES_PER_ADDRESS="128 KiB/second")
    ada = join(site, "Ada")
    first = ada.says("first")
    for number in range(100):
        ada.says(f"{number} " + "x" * 3500)
    bob = join(site, "Bob", address=THERE, since={"epoch": ada.epoch, "seq": first})
    ada.says("meanwhile")
    bob.says("and who catches up may speak")
    bob.hears("meanwhile")
    assert [message["seq"] for message in bob.heard] == list(range(first + 1, first + 103))


def test_over_http_what_is_beyond_the_budget_is_to_be_asked_for_later(make_site, join):
    site = make_site(processes=1, CHAT_RESUME_BYTES_PER_ADDRESS="100 KiB/hour")
    ada = join(site, "Ada")
    for _ in range(20):
        ada.says("x" * 3500)
    path = "/api/messages?after=0"
    assert site.request(path, address=THERE).status == 200
    refused = site.request(path, address=THERE)
    assert refused.status == 429
    assert refused.json()["code"] == "rate_limited"
    assert int(refused.headers["retry-after"]) > 60
    assert site.request(path).status == 200


# --- Requests and sockets ------------------------------------------------------------------------
def test_who_asks_too_fast_hears_when_to_come_again_and_somebody_elsewhere_does_not(make_site):
    site = make_site(processes=1, CHAT_REQUEST_RATE="3/hour")
    answers = [site.request("/", address=THERE) for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) > 60
    assert "network" in answers[-1].body.decode()
    assert site.request("/api/messages", address=THERE).status == 429
    assert site.request("/static/chat/watchdog.js", address=THERE).status == 200
    assert site.request("/").status == 200


def test_handshakes_are_counted_by_themselves(make_site, connect):
    site = make_site(processes=1, CHAT_HANDSHAKE_RATE="2/hour")
    connect(site, address=THERE)
    connect(site, address=THERE)
    with pytest.raises(InvalidStatus) as caught:
        connect(site, address=THERE)
    assert caught.value.response.status_code == 429
    assert int(caught.value.response.headers["Retry-After"]) > 60
    assert site.request("/", address=THERE).status == 200
    connect(site)


def test_where_the_room_is_full_whoever_comes_hears_just_that(make_site, join, connect):
    site = make_site(processes=1, CHAT_SOCKETS="2")
    ada = join(site, "Ada")
    join(site, "Bob")
    with pytest.raises(InvalidStatus) as caught:
        connect(site, address=THERE)
    assert caught.value.response.status_code == 503
    at = ada.says("hello")
    waits = site.request(f"/api/messages?after={at}&wait=25", address=THERE)
    assert waits.status == 503
    assert "full" in waits.json()["message"]
    assert int(waits.headers["retry-after"]) > 1


# --- Readers that are behind ---------------------------------------------------------------------
def test_who_reads_too_slowly_misses_nothing_once_they_read_on(make_site, join, connect):
    site = make_site(processes=1)
    ada = join(site, "Ada")
    eve = connect(site, address=THERE, reads=False)
    eve.joins("Eve")
    for _ in range(10):
        for nonce in [ada.posts("é" * 4000) for _ in range(30)]:
            ada.is_accepted(nonce)
    ada.catches_up()  # 2.4 MB, of which the systems and the process keep less than half for Eve
    eve.posts("a word from behind")
    eve.hears("a word from behind", deadline=30)
    assert len(eve.heard) == 301


# --- Answers -------------------------------------------------------------------------------------
def test_no_answer_has_more_than_a_frame_and_nothing_is_left_out(make_site, join):
    site = make_site(processes=1)
    ada = join(site, "Ada")
    for _ in range(50):
        ada.says("🙂" * 4000)
    page = site.request("/")
    assert len(page.body) <= FRAME
    state = json.loads(
        page.body.decode().partition('id="state"')[2].partition(">")[2].partition("<")[0]
    )
    shown = [message["seq"] for message in state["messages"]]
    assert shown == list(range(state["from"], 51))
    assert state["to"] == 50
    before = 51
    while before > 1:
        answer = site.request(f"/api/messages?before={before}&limit=500")
        assert len(answer.body) <= FRAME + 200
        older = answer.json()
        assert older["to"] == before - 1
        assert [m["seq"] for m in older["messages"]] == list(range(older["from"], before))
        before = older["from"]
        assert older["more"] == (before > 1)


def test_a_page_of_markup_is_no_larger_and_has_the_newest(make_site, join):
    site = make_site(processes=1)
    ada = join(site, "Ada")
    for text in ("<" * 4000, "&" * 4000, '"' * 4000, "\n".join("x" * 2000)) * 10:
        ada.says(text)
    ada.says("the newest")
    page = site.request("/")
    assert len(page.body) <= FRAME
    assert "the newest" in page.body.decode()


def test_history_is_given_by_numbers_and_bytes_whichever_is_less(make_site, join):
    site = make_site(processes=1)
    ada = join(site, "Ada")
    for number in range(120):
        ada.says(f"{number + 1}")
    older = site.request("/api/messages?before=121&limit=110").json()
    assert texts(older) == [f"{number}" for number in range(11, 121)]
    assert older["more"] is True
    assert site.request("/api/messages?before=11&limit=500").json()["more"] is False
