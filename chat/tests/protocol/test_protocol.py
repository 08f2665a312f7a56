"""Every frame, as docs/PROTOCOL.md tells it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.protocol import errors, incoming, outgoing
from chat.protocol.errors import FrameError
from chat.protocol.incoming import Edit, Join, Ping, Post, React, Remove, Since, Typing
from chat.protocol.text import TextInvalid, normalise

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough

NONCE = "0123abcd-ef"


def parse(**fields):
    return incoming.parse(json.dumps(fields))


def code_of(data: str) -> str:
    with pytest.raises(FrameError) as caught:
        incoming.parse(data)
    return caught.value.code


def refused(**fields) -> str:
    return code_of(json.dumps(fields))


def text_refused(text: str) -> str:
    return refused(type="post", nonce=NONCE, text=text)


def test_the_frames_of_a_client_are_understood_and_unknown_fields_ignored():
    since = {"epoch": "e", "seq": 0}
    assert parse(type="join") == Join(None, None)
    assert parse(type="join", token="me:signed") == Join(None, None, "me:signed")
    assert parse(type="join", name="Ada", since=since, colour=1) == Join("Ada", Since("e", 0))
    assert parse(type="post", nonce=NONCE, text=" hi ", colour="x") == Post(NONCE, "hi")
    assert parse(type="post", nonce=NONCE, text="hi", reply_to=3) == Post(NONCE, "hi", 3)
    assert parse(type="edit", nonce=NONCE, seq=1, text=" hi ") == Edit(NONCE, 1, "hi")
    assert parse(type="remove", nonce=NONCE, seq=1, text=5) == Remove(NONCE, 1)
    assert parse(type="react", nonce=NONCE, seq=1, emoji="👩🏽‍🚀", on=False) == React(
        NONCE, 1, "👩🏽‍🚀", False
    )
    assert parse(type="typing", text="what I write is my own") == Typing()
    assert parse(type="ping", seq=2**53 - 1) == Ping(2**53 - 1)


@pytest.mark.parametrize("data", ["", "{", "nonsense", '{"type":"join"', "[" * 5000, "\x00"])
def test_what_is_no_json_is_called_so(data):
    assert code_of(data) == "not_json"


@pytest.mark.parametrize("data", ["1", "1e999", "null", "[]", '"join"', "9" * 5000])
def test_what_is_no_object_is_called_so(data):
    assert code_of(data) == "not_an_object"


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_what_python_takes_for_a_number_and_json_does_not_know_is_no_json(constant):
    for data in (constant, f"[{constant}]", f'{{"type":"ping","seq":1,"x":{{"y":{constant}}}}}'):
        assert code_of(data) == "not_json"


def test_a_number_that_is_too_long_for_python_is_json_and_none_of_ours():
    long = "9" * 5000
    assert incoming.parse(f'{{"type":"ping","seq":1,"x":{long}}}').seq == 1
    for number in (long, f"-{long}", "1e999", "1.0", "9007199254740992", "-1"):
        assert code_of(f'{{"type":"ping","seq":{number}}}') == "bad_field"


@pytest.mark.parametrize("kind", [None, 1, [], {}, "", "Join", "editing", "hello", "\ud800"])
def test_an_unknown_type_is_called_so(kind):
    assert refused(type=kind) == "unknown_type"


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "join", "name": 5},
        {"type": "join", "name": ["Ada"]},
        {"type": "join", "since": 5},
        {"type": "join", "since": {}},
        {"type": "join", "since": {"epoch": "e"}},
        {"type": "join", "since": {"epoch": 1, "seq": 1}},
        {"type": "join", "since": {"epoch": "e", "seq": -1}},
        {"type": "join", "since": {"epoch": "e", "seq": 1.5}},
        {"type": "join", "since": {"epoch": "e", "seq": True}},
        {"type": "join", "since": {"epoch": "e", "seq": 2**53}},
        {"type": "post", "text": "hi"},
        {"type": "post", "nonce": "short", "text": "hi"},
        {"type": "post", "nonce": "x" * 65, "text": "hi"},
        {"type": "post", "nonce": NONCE + "\n", "text": "hi"},
        {"type": "post", "nonce": NONCE},
        {"type": "post", "nonce": NONCE, "text": 1},
        {"type": "post", "nonce": NONCE, "text": "hi", "reply_to": "1"},
        {"type": "post", "nonce": NONCE, "text": "hi", "reply_to": -1},
        {"type": "edit", "seq": 1, "text": "hi"},
        {"type": "edit", "nonce": NONCE, "text": "hi"},
        {"type": "edit", "nonce": NONCE, "seq": 1},
        {"type": "remove", "seq": 1},
        {"type": "remove", "nonce": NONCE, "seq": 2**53},
        {"type": "react", "nonce": NONCE, "seq": 1, "emoji": "🎉"},
        {"type": "react", "nonce": NONCE, "seq": 1, "emoji": "🎉", "on": 1},
        {"type": "react", "nonce": NONCE, "seq": 1, "on": True},
        {"type": "ping"},
        {"type": "ping", "seq": "1"},
    ],
)
def test_a_field_that_is_missing_or_of_the_wrong_form_is_called_so(fields):
    assert refused(**fields) == "bad_field"


def test_a_text_is_normalised():
    assert normalise("  a\r\nb\tc\n ") == "a\nb\tc"
    assert normalise("e\u0301") == "\u00e9"
    assert normalise("👩\u200d👧") == "👩\u200d👧"
    assert len(normalise("e\u0301" * 4000)) == 4000


@pytest.mark.parametrize(
    "text", ["", " ", "\n\t", "\u200b", "\u2800\u3164", "\u00a0", "\u200d\ufe0f"]
)
def test_a_text_that_shows_nothing_is_empty(text):
    assert text_refused(text) == "empty"


@pytest.mark.parametrize("text", ["a\x00", "\x07", "a\rb", "\x1bb", "\x85", "\ud800", "a\udfff"])
def test_control_characters_and_lone_surrogates_are_invalid(text):
    assert text_refused(text) == "invalid_text"


def test_a_heap_of_accents_is_invalid_before_it_costs_any_time():
    assert text_refused("a" + "\u0315\u0300" * 2000) == "invalid_text"


def test_a_text_has_at_most_4000_characters():
    assert normalise("x" * 4000) == "x" * 4000
    assert text_refused("x" * 4001) == "too_long"


def test_a_post_with_a_usable_nonce_is_rejected_and_all_else_is_an_error():
    wrong = FrameError("empty", kind="post", nonce=NONCE)
    assert json.loads(outgoing.refusal(wrong)) == {
        "type": "rejected",
        "nonce": NONCE,
        "code": "empty",
        "message": errors.EXPLANATIONS["empty"],
    }
    wrong = FrameError("bad_field", kind="post")
    assert json.loads(outgoing.refusal(wrong))["for"] == "post"
    wrong = FrameError("rate_limited", kind="join", retry_after=2.5)
    assert json.loads(outgoing.refusal(wrong))["retry_after"] == 2.5


@pytest.mark.parametrize("kind", ["post", "edit", "remove", "react"])
def test_whatever_has_a_nonce_is_rejected_under_it(kind):
    for code in ("gone", "not_yours", "too_late", "not_emoji", "too_many", "busy"):
        answer = json.loads(outgoing.refusal(FrameError(code, kind=kind, nonce=NONCE)))
        assert (answer["type"], answer["nonce"], answer["code"]) == ("rejected", NONCE, code)


def test_an_error_repeats_the_nonce_if_the_frame_had_a_usable_one():
    with pytest.raises(FrameError) as caught:
        parse(type="dance", nonce=NONCE)
    answer = json.loads(outgoing.refusal(caught.value))
    assert (answer["nonce"], answer["for"]) == (NONCE, "dance")


def test_frames_are_sent_unescaped():
    assert "ü🎉" in outgoing.you("id", "ü🎉")
    assert outgoing.messages(1, 0, []) == '{"type":"messages","from":1,"to":0,"messages":[]}'


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(list(incoming.PARSERS)) | anything,
            "nonce": st.just(NONCE) | anything,
            "text": st.text() | anything,
            "name": anything,
            "since": anything,
            "seq": st.just(1) | anything,
            "emoji": st.just("🎉") | anything,
            "on": anything,
        },
    )
)
def test_whatever_comes_is_a_frame_or_a_typed_error_that_can_be_sent(fields):
    try:
        incoming.parse(json.dumps(fields))
    except FrameError as wrong:
        answer = json.loads(outgoing.refusal(wrong).encode())
        assert answer["code"] in errors.EXPLANATIONS
        assert answer["type"] in {"error", "rejected"}


@given(st.text())
def test_a_normalised_text_stays_as_it_is(text):
    try:
        once = normalise(text)
    except TextInvalid:
        return
    assert normalise(once) == once
