"""To edit, remove and react over HTTP, and to ask for some messages: a real Daphne."""

import pytest

from chat.tests.web.caller import Caller, texts

NONCE = "nonce-of-a-change"
once = pytest.mark.stack("embedded")  # the other stack has nothing to add


def changes(caller: Caller, kind: str, seq: int, **fields):
    """POST one change; the whole response."""
    data = {"type": kind, "nonce": NONCE, "seq": seq, **fields}
    return caller.site.request(
        "/api/changes", data, headers=dict(caller.headers), process=caller.process
    )


def gets(caller: Caller, path: str):
    return caller.site.request(path, headers=dict(caller.headers), process=caller.process)


def test_all_that_can_be_done_with_a_message_can_be_done_over_http(site, join):
    bob, hal = join(site, "Bob", process=-1), Caller(site, "Hal the changer")
    first = hal.says("helo")
    answer = hal.posts("and a reply", reply_to=first).json()
    assert bob.sees(answer["seq"])["reply_to"] == first
    edited = changes(hal, "edit", first, text="hello")
    assert (edited.status, edited.json()["nonce"], edited.json()["seq"]) == (200, NONCE, first)
    assert bob.sees(edited.json()["rev"])["text"] == "hello"
    assert changes(hal, "edit", first, text="hello").json() == edited.json()
    reacted = changes(hal, "react", first, emoji="🎉", on=True)
    assert bob.sees(reacted.json()["rev"])["reactions"][0]["count"] == 1
    removed = changes(hal, "remove", first)
    assert bob.sees(removed.json()["rev"])["removed"]
    assert changes(hal, "remove", first).json() == removed.json()


@once
def test_a_reaction_takes_a_name_as_a_message_does(site, join):
    ada, newcomer = join(site, "Ada who is reacted to"), Caller(site, "Newcomer")
    seq = ada.says("hello")
    wish = {"emoji": "🎉", "on": True}
    assert changes(newcomer, "react", seq, **wish).json()["code"] == "name_required"
    taken = changes(newcomer, "react", seq, name="Ada who is reacted to", **wish)
    assert (taken.status, taken.json()["code"]) == (409, "name_taken")
    assert changes(newcomer, "react", seq, name="Newcomer", **wish).status == 200
    assert changes(newcomer, "react", seq, emoji="👍", on=True).status == 200


@once
def test_what_can_not_be_done_is_said_with_its_status(site, join):
    ada, hal = join(site, "Ada"), Caller(site, "Hal the refused")
    theirs, own = ada.says("mine"), hal.says("own")
    for kind, seq, fields, status, code in [
        ("edit", theirs, {"text": "x"}, 403, "not_yours"),
        ("remove", theirs, {}, 403, "not_yours"),
        ("edit", 10**9, {"text": "x"}, 410, "gone"),
        ("react", theirs, {"emoji": "no", "on": True}, 400, "not_emoji"),
        ("react", theirs, {"emoji": "🎉"}, 400, "bad_field"),
        ("edit", own, {"text": " "}, 400, "empty"),
        ("edit", "1", {"text": "x"}, 400, "bad_field"),
        ("post", own, {"text": "x"}, 400, "unknown_type"),
        ("typing", own, {}, 400, "unknown_type"),
    ]:
        answer = changes(hal, kind, seq, **fields)
        assert (answer.status, answer.json()["code"]) == (status, code), (kind, fields)
    site.sql(f"UPDATE chat_message SET at = '2020-01-01 00:00:00' WHERE seq = {own}")
    assert changes(hal, "edit", own, text="late").json()["code"] == "too_late"
    nobody = Caller(site)
    nobody.headers.pop("Cookie")
    assert changes(nobody, "remove", own).json()["code"] == "cookie_required"
    unnamed = changes(Caller(site), "react", own, emoji="🎉", on=True)
    assert unnamed.json()["code"] == "name_required"


@once
def test_only_pages_of_ours_may_change_anything(site):
    hal = Caller(site, "Hal at home")
    seq = hal.says("hello")
    hal.headers["Origin"] = "https://evil.example"
    assert changes(hal, "remove", seq).json()["code"] == "cross_origin"


@once
def test_some_messages_are_had_by_number_in_the_order_asked_for_and_removed_ones_too(site):
    hal = Caller(site, "Hal who quotes")
    one, two, three = (hal.says(text) for text in ("one", "two", "three"))
    changes(hal, "remove", two)
    page = gets(hal, f"/api/messages?seqs={three},{two},999999,{one}").json()
    assert [message["seq"] for message in page["messages"]] == [three, two, one]
    assert page["messages"][1]["removed"]
    assert page["epoch"] == hal.reads()["epoch"]
    assert texts({"messages": page["messages"][::2]}) == ["three", "one"]


@once
@pytest.mark.parametrize("seqs", ["", "1,", "x", "-1", "1,,2", "9007199254740992", "1," * 50 + "1"])
def test_numbers_that_are_malformed_or_too_many_are_refused(site, seqs):
    for path in ("/api/messages?seqs=", "/api/reactions?mine="):
        answer = gets(Caller(site), path + seqs)
        assert (answer.status, answer.json()["code"]) == (400, "bad_field")


def test_who_has_reacted_is_told_by_name(site, join):
    ada, hal = join(site, "Ada who reacts"), Caller(site, "Hal who asks", process=-1)
    seq = ada.says("hello")
    ada.reacts(seq, "🎉")
    assert gets(hal, f"/api/reactions?seq={seq}").json() == [
        {"emoji": "🎉", "people": [{"id": ada.id, "name": "Ada who reacts"}]}
    ]
    changes(hal, "edit", seq, text="x")
    assert gets(hal, f"/api/reactions?mine={seq},{seq + 1}").json() == []
    hal.says("I have a name")
    changes(hal, "react", seq, emoji="👍", on=True)
    assert gets(hal, f"/api/reactions?mine={seq}").json() == [{"seq": seq, "emoji": ["👍"]}]
    assert gets(hal, "/api/reactions?seq=999999").status == 410
    assert gets(hal, "/api/reactions").status == 400
