"""What becomes of messages, over real sockets to real Daphne processes.

With --stack scaled the second person is on the last process.
"""

import pytest

once = pytest.mark.stack("embedded")  # the other stack has nothing to add


@pytest.fixture
def far(site):
    """The process that is farthest from the first one."""
    return len(site.urls) - 1


def test_edits_reactions_replies_and_removals_reach_everybody_once_in_order(site, join, far):
    ada, bob = join(site, "Ada"), join(site, "Bob", process=far)
    seq = ada.says("helo")
    bob.hears("helo")
    assert bob.says("yes", reply_to=seq) > seq
    assert ada.hears("yes")["reply_to"] == seq
    edited = bob.sees(ada.edits(seq, "hello"))
    assert (edited["text"], edited["seq"], bool(edited["edited"])) == ("hello", seq, True)
    rev = bob.reacts(seq, "👍")
    assert ada.sees(rev)["reactions"] == [{"emoji": "👍", "count": 1, "by": [bob.id]}]
    assert "reactions" not in ada.sees(bob.reacts(seq, "👍", on=False))
    rev = ada.removes(seq)
    assert bob.sees(rev) == {"seq": seq, "rev": rev, "by": ada.id, "removed": True}


def test_who_was_away_for_all_of_it_gets_each_message_once_in_its_last_state(make_site, join):
    site = make_site()
    ada, bob = join(site, "Ada"), join(site, "Bob", process=-1)
    first, second = ada.says("one"), ada.says("two")
    bob.sees(second)
    bob.leaves()
    ada.edits(first, "eins")
    ada.reacts(first, "🎉")
    ada.edits(first, "uno")
    ada.removes(second)
    third = ada.says("three", reply_to=first)
    bob.resumes(process=-1)
    bob.catches_up()
    assert [(m["seq"], m.get("text"), m.get("removed")) for m in bob.heard] == [
        (first, "uno", None),
        (second, None, True),
        (third, "three", None),
    ]


def test_accepted_comes_before_the_change_itself(site, join):
    ada = join(site, "Ada")
    seq = ada.says("hello")
    rev = ada.edits(seq, "hallo")
    ada.sees(rev)
    kinds = [f["type"] for f in ada.frames if f["type"] in {"accepted", "messages"}]
    assert kinds[-2:] == ["accepted", "messages"]


@once
def test_what_can_not_be_changed_is_rejected_with_its_reason_and_the_socket_stays(site, join):
    ada, eve = join(site, "Ada"), join(site, "Eve")
    seq = ada.says("hello")
    for kind, number, fields, code in [
        ("edit", seq, {"text": "x"}, "not_yours"),
        ("remove", seq, {}, "not_yours"),
        ("remove", 10**9, {}, "gone"),
        ("edit", seq, {"text": ""}, "empty"),
        ("edit", seq, {"text": "x" * 4001}, "too_long"),
        ("react", seq, {"emoji": ":-)", "on": True}, "not_emoji"),
    ]:
        assert eve.is_rejected(eve.asks_for(kind, number, **fields))["code"] == code
    eve.sends({"type": "edit", "seq": seq, "text": "x"})
    assert eve.gets("error", code="bad_field")["for"] == "edit"
    eve.sends({"type": "react", "nonce": "0123456789", "seq": seq, "emoji": "🎉", "on": 1})
    assert eve.gets("error", code="bad_field")["nonce"] == "0123456789"
    eve.says("still here")


@once
def test_in_a_read_only_room_and_when_banned_one_may_still_remove_what_one_has_said(
    make_site, join
):
    site = make_site()
    ada = join(site, "Ada", cookie=site.cookie())
    seq, other = ada.says("hello"), ada.says("other")
    site.transaction(
        "UPDATE chat_room SET mode = 'read_only'", "UPDATE chat_log SET version = version + 1"
    )
    ada.gets("room", mode="read_only")
    assert ada.is_rejected(ada.asks_for("edit", seq, text="x"))["code"] == "read_only"
    assert ada.is_rejected(ada.posts("x"))["code"] == "read_only"
    reaction = ada.asks_for("react", seq, emoji="🎉", on=True)
    assert ada.is_rejected(reaction)["code"] == "read_only"
    assert ada.edits(seq, "hello") == seq, "it is so already"
    ada.removes(seq)
    assert [row["text"] for row in site.messages()] == ["", "other"]
    headers = {"Cookie": ada._headers["Cookie"]}
    site.transaction(
        "INSERT INTO chat_ban (member_id, network, reason, by, made_at)"
        f" VALUES ('{ada.id}', '', 'Spam', 'mod', '2026-01-01 00:00:00')",
        "UPDATE chat_log SET version = version + 1",
    )
    assert ada.is_closed() == 4003
    change = {"type": "remove", "nonce": "0123456789", "seq": other}
    assert site.request("/api/changes", change, headers=headers).status == 200
    assert [row["text"] for row in site.messages()] == ["", ""]


@once
def test_edits_count_as_posts_and_reactions_by_themselves(make_site, join):
    site = make_site(CHAT_POST_RATE="3/hour", CHAT_REACT_RATE="2/hour", CHAT_LIMITS="1")
    ada = join(site, "Ada")
    seq = ada.says("one")
    ada.edits(seq, "two")
    ada.edits(seq, "three")
    assert ada.is_rejected(ada.asks_for("edit", seq, text="four"))["code"] == "rate_limited"
    assert ada.edits(seq, "three"), "it is so already"
    ada.reacts(seq, "🎉")
    ada.reacts(seq, "🎉", on=False)
    refused = ada.is_rejected(ada.asks_for("react", seq, emoji="🎉", on=True))
    assert (refused["code"], refused["retry_after"] > 0) == ("rate_limited", True)
    ada.removes(seq)


@once
def test_slow_mode_is_for_posts_not_for_edits(make_site, join):
    site = make_site()
    ada = join(site, "Ada")
    site.transaction(
        "UPDATE chat_room SET mode = 'slow', slow_seconds = 600",
        "UPDATE chat_log SET version = version + 1",
    )
    ada.gets("room", mode="slow")
    seq = ada.says("helo")
    assert ada.is_rejected(ada.posts("again"))["code"] == "slow_mode"
    ada.edits(seq, "hello")


def test_who_types_is_told_to_all_and_never_answered(site, join, far):
    ada, bob, reader = join(site, "Ada types"), join(site, "Bob", process=far), join(site)
    reader.sends({"type": "typing"})
    ada.sends({"type": "typing", "colour": 1})
    assert bob.gets("typing") == {"type": "typing", "count": 1, "names": ["Ada types"]}
    assert ada.gets("typing")["names"] == ["Ada types"]
    assert bob.gets("typing") == {"type": "typing", "count": 0, "names": []}
    ada.hears_nothing()


def test_a_client_that_knows_only_the_old_frames_joins_posts_and_reads(site, join, far):
    """It knows no field and no frame of what is newer, and needs none."""
    old, new = join(site, "Old"), join(site, "New", process=far)
    seq = old.says("hello")
    new.edits(new.says("from a newer one", reply_to=seq), "and edited")
    new.reacts(seq, "🎉")
    new.sends({"type": "typing"})
    old.catches_up()
    known = {"seq", "rev", "by", "name", "text", "at", "nonce"}
    shown = {m["seq"]: {name: m[name] for name in known} for m in old.heard if "text" in m}
    assert shown[seq]["text"] == "hello"
    assert [frame for frame in old.frames if frame["type"] == "error"] == []
    assert old.says("still here") > seq


@once
def test_a_hundred_who_react_at_once_are_some_frames_not_a_hundred(make_site, join):
    site = make_site()
    people = [join(site, f"P{number}") for number in range(100)]
    seq = people[0].says("react, please")
    for person in people:
        person.catches_up()
    before = len(people[0].frames)
    nonces = [person.asks_for("react", seq, emoji="🎉", on=True) for person in people]
    for person, nonce in zip(people, nonces, strict=True):
        person.is_accepted(nonce)
    people[0].catches_up()
    frames = [f for f in people[0].frames[before:] if f["type"] == "messages"]
    assert frames[-1]["messages"][-1]["reactions"][0]["count"] == 100
    assert len(frames) <= 50
