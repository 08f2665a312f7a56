"""The protocol over real sockets to real Daphne processes.

With --stack scaled the second person is on the second process.
"""

import json
import threading
import time

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync import client

from chat.tests.support import eventually

NONCE = "0123abcd-ef"
once = pytest.mark.stack("embedded")  # the other stack has nothing to add
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def far(site):
    """The process that is farthest from the first one."""
    return len(site.urls) - 1


# --- Joining -------------------------------------------------------------------------------------
def test_who_joins_without_a_name_reads(site, join):
    reader = join(site)
    hello = reader.frames[0]
    assert hello["type"] == "hello"
    assert hello["protocol"] == 1
    assert hello["you"] is None
    assert hello["resumed"] is False
    assert hello["limits"] == {
        "name": 32,
        "text": 4000,
        "frame": 16384,
        "edit_seconds": 900,
        "reactions": 20,
    }
    assert hello["room"] == {
        "title": "Simple chat",
        "notice": "",
        "mode": "open",
        "slow_seconds": 30,
    }
    assert reader.frames[1]["type"] == "messages"


def test_an_empty_room_begins_at_1_and_0(make_site, join):
    ada = join(make_site(), "Ada")
    assert ada.frames[1] == {"type": "messages", "from": 1, "to": 0, "messages": []}
    assert ada.says("first") == 1


def test_what_one_says_all_others_hear(site, join, far):
    ada, bob = join(site, "Ada"), join(site, "Bob", process=far)
    seq = ada.says("hello")
    message = bob.hears("hello")
    assert message["seq"] == message["rev"] == seq
    assert (message["by"], message["name"]) == (ada.id, "Ada")
    assert message["at"].endswith("Z")
    assert ada.hears("hello") == message
    bob.hears_nothing()


def test_the_author_hears_accepted_before_the_message(site, join):
    ada = join(site, "Ada")
    ada.says("hello")
    ada.hears("hello")
    kinds = [frame["type"] for frame in ada.frames if frame["type"] in {"accepted", "messages"}]
    assert kinds[-2:] == ["accepted", "messages"]


def test_many_messages_come_in_one_order_for_all(site, join, far):
    people = [join(site, f"Talker {number}", process=number % (far + 1)) for number in range(4)]
    nonces = [[person.posts(f"{person.name} {n}") for n in range(8)] for person in people]
    for person, posted in zip(people, nonces, strict=True):
        for nonce in posted:
            person.is_accepted(nonce)
    for person in people:
        person.catches_up()
    said = [[message["seq"] for message in person.heard][-32:] for person in people]
    assert all(order == sorted(order) == said[0] for order in said)


def test_a_second_join_renames_and_keeps_the_position(site, join):
    ada, bob = join(site, "Ada"), join(site, "Bob")
    hello = ada.joins("Countess")
    assert hello["resumed"] is True
    assert hello["you"] == {"id": ada.id, "name": "Countess"}
    ada.says("it is me")
    assert bob.hears("it is me")["name"] == "Countess"

    def told(change: str, name: str) -> bool:
        bob.catches_up()
        return any(name in frame[change] for frame in bob.frames if frame["type"] == "presence")

    eventually(lambda: told("left", "Ada") and told("joined", "Countess"))


def test_presence_counts_people_not_tabs_across_processes(make_site, join):
    site = make_site()
    far = len(site.urls) - 1
    cookie = site.cookie()
    bob = join(site, "Bob", process=far)
    ada = join(site, "Ada", cookie=cookie)
    tab = join(site, cookie=cookie)
    assert (tab.id, tab.name) == (ada.id, "Ada")
    bob.gets("presence", count=2)
    ada.leaves()
    time.sleep(1.5)  # nothing may come: there is no condition to wait for
    bob.hears_nothing()
    assert not any(frame["type"] == "presence" and frame["left"] for frame in bob.frames)
    tab.leaves()
    bob.gets("presence", left=["Ada"], count=1)


def test_hello_says_who_is_here_the_newcomer_included(make_site, join):
    site = make_site()
    join(site, "Ada")
    bob = join(site, "Bob")
    assert bob.frames[0]["online"] == {"count": 2, "names": ["Ada", "Bob"]}


# --- Names ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["Eve", "EVE", "Еve"])  # the last one begins in Cyrillic
def test_a_name_that_is_taken_or_looks_like_it_is_refused(site, join, connect, far, name):
    join(site, "Eve")
    late = connect(site, process=far)
    late.sends({"type": "join", "name": name})
    error = late.gets("error")
    assert (error["code"], error["for"]) == ("name_taken", "join")
    hello = late.gets("hello")
    assert hello["you"] is None
    assert [frame["type"] for frame in late.frames[:2]] == ["error", "hello"]
    assert late.joins("Somebody else")["you"]["name"] == "Somebody else"


@pytest.mark.parametrize("name", ["", "x" * 33, "\u200b", "a\u202eb", "a\nb"])
def test_what_can_be_no_name_is_refused_with_a_reason(site, connect, name):
    person = connect(site)
    person.sends({"type": "join", "name": name})
    error = person.gets("error")
    assert error["code"] == "name_invalid"
    assert error["message"]
    assert person.gets("hello")["you"] is None


def test_a_malformed_join_gets_an_error_then_hello_and_messages(site, connect):
    person = connect(site)
    person.sends({"type": "join", "name": 5})
    person.gets("error", code="bad_field")
    person.gets("hello")
    assert [frame["type"] for frame in person.frames[:2]] == ["error", "hello"]
    person.hears_nothing()
    assert person.position is not None


def test_a_name_without_a_cookie_is_free_when_its_connection_ends(site, join, connect):
    join(site, "Guest").leaves()
    person = connect(site)

    def joined() -> bool:
        return person.joins("Guest")["you"] is not None

    eventually(joined)


def test_a_member_with_a_cookie_is_never_refused_because_of_its_own_ghost(site, join, far):
    cookie = site.cookie()
    ghost = join(site, "Grace", cookie=cookie)
    ghost.drops()
    again = join(site, "Grace", cookie=cookie, process=far)
    assert again.id == ghost.id


def test_a_cookie_that_is_forged_is_no_cookie(site, join):
    cookie = site.cookie()
    ada = join(site, "Ada Real", cookie=cookie)
    name, _, value = cookie.partition("=")
    forged = join(site, cookie=f"{name}={value[:-2]}xx")
    assert forged.frames[0]["you"] is None
    assert ada.id == value.partition(":")[0]


def test_the_cookie_is_read_as_the_page_reads_it_whatever_stands_beside_it(site, join):
    cookie = site.cookie()
    odd = join(site, "Oddly", cookie=f'prefs={{"a":1}}; novalue; a@b=1; {cookie}')
    assert odd.id == cookie.partition("=")[2].partition(":")[0]


def test_a_malformed_first_join_is_nobody_even_with_a_cookie(site, join, connect):
    cookie = site.cookie()
    join(site, "Known", cookie=cookie)
    person = connect(site, cookie=cookie)
    person.sends({"type": "join", "name": 5})
    person.gets("error", code="bad_field")
    assert person.gets("hello")["you"] is None


def test_the_other_tabs_of_a_member_hear_of_its_new_name(site, join, far):
    cookie = site.cookie()
    tab, other = join(site, "Tabby", cookie=cookie), join(site, cookie=cookie, process=far)
    tab.joins("Tabitha")
    assert other.gets("you") == {"type": "you", "id": tab.id, "name": "Tabitha"}
    other.says("from the other tab")
    assert tab.hears("from the other tab")["name"] == "Tabitha"


# --- Posts ---------------------------------------------------------------------------------------
def test_a_retry_gets_the_same_seq_and_nobody_hears_it_twice(site, join):
    ada, bob = join(site, "Ada"), join(site, "Bob")
    nonce = ada.posts("once")
    seq = ada.is_accepted(nonce)
    assert ada.says("once", nonce=nonce) == seq
    bob.hears("once")
    bob.hears_nothing()


def test_a_retry_with_the_cookie_on_another_connection_and_process_gets_the_same_seq(
    site, join, far
):
    cookie = site.cookie()
    ada = join(site, "Ada Lovelace", cookie=cookie)
    nonce = ada.posts("once more")
    seq = ada.is_accepted(nonce)
    ada.drops()
    again = join(site, cookie=cookie, process=far)
    assert again.says("once more", nonce=nonce) == seq


def test_a_nonce_under_which_something_else_was_said_is_a_conflict(site, join):
    ada = join(site, "Ada")
    nonce = ada.posts("this")
    ada.is_accepted(nonce)
    assert ada.is_rejected(ada.posts("that", nonce))["code"] == "nonce_conflict"


def test_a_post_before_a_name_is_rejected(site, connect, join):
    stranger = connect(site)
    assert stranger.is_rejected(stranger.posts("hi"))["code"] == "name_required"
    reader = join(site)
    assert reader.is_rejected(reader.posts("hi"))["code"] == "name_required"


def test_a_retry_of_what_is_stored_is_accepted_even_while_the_name_is_refused(site, join, connect):
    cookie = site.cookie()
    ada = join(site, "Ada Once", cookie=cookie)
    nonce = ada.posts("stored")
    seq = ada.is_accepted(nonce)
    again = connect(site, cookie=cookie)
    again.sends({"type": "join", "name": "\u200b"})
    assert again.gets("hello")["you"] is None
    assert again.says("stored", nonce=nonce) == seq
    assert again.is_rejected(again.posts("new"))["code"] == "name_required"


def test_the_same_nonce_from_two_tabs_at_once_is_one_message(site, join, far):
    cookie = site.cookie()
    tabs = [join(site, "Twice", cookie=cookie), join(site, cookie=cookie, process=far)]
    for number in range(20):
        nonce = f"same-nonce-{number}"
        for tab in tabs:
            tab.posts(f"text {number}", nonce)
        assert len({tab.is_accepted(nonce) for tab in tabs}) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [(" ", "empty"), ("x" * 4001, "too_long"), ("a\x00b", "invalid_text"), ("\ud800", None)],
)
def test_a_text_that_can_not_be_said_is_rejected_and_nobody_notices(site, join, text, code):
    ada, bob = join(site, "Ada"), join(site, "Bob")
    ada.sends(json.dumps({"type": "post", "nonce": NONCE, "text": text}))  # escaped
    assert ada.is_rejected(NONCE)["code"] == (code or "invalid_text")
    bob.hears_nothing()
    ada.says("all is well")


def test_4000_characters_of_four_bytes_are_not_one_too_many_in_themselves(site, join):
    ada = join(site, "Ada")
    text = "🎉" * 4000
    ada.says(text)
    assert ada.hears(text)["text"] == text


def test_html_is_text(site, join, far):
    ada, bob = join(site, EVIL), join(site, "Bob", process=far)
    ada.says(EVIL)
    message = bob.hears(EVIL)
    assert message["name"] == EVIL


# --- Bad frames ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"binary", "not_json"),
        ("{", "not_json"),
        ("[]", "not_an_object"),
        ('{"type":"dance"}', "unknown_type"),
        ('{"type":"shout","seq":1,"text":"x"}', "unknown_type"),
        ('{"type":"ping"}', "bad_field"),
        ('{"type":"post","text":"x"}', "bad_field"),
    ],
)
def test_a_bad_frame_gets_a_typed_error_and_the_socket_stays_open(site, join, frame, code):
    ada, bob = join(site, "Ada"), join(site, "Bob")
    ada.sends(frame)
    assert ada.gets("error")["code"] == code
    ada.says("still here")
    bob.hears("still here")


def test_a_frame_over_16_kib_closes_only_the_socket_it_came_on(site, join):
    ada, bob = join(site, "Ada"), join(site, "Bob")
    ada.sends(json.dumps({"type": "post", "nonce": NONCE, "text": "x" * 17_000}))
    assert ada.is_closed() == 1009
    bob.says("still here")


def test_10000_frames_cost_the_others_nothing(site, join):
    flood, bob = join(site, "Flood"), join(site, "Bob")
    sender = threading.Thread(
        target=lambda: [flood.sends('{"type":"dance"}') for _ in range(10_000)]
    )
    sender.start()
    bob.says("in the middle of it")
    sender.join()
    for _ in range(10_000):
        flood.gets("error", code="unknown_type")
    flood.says("done")


# --- Resuming ------------------------------------------------------------------------------------
def test_who_comes_back_gets_what_was_missed_and_nothing_twice(site, join, far):
    ada, bob = join(site, "Ada"), join(site, "Bob")
    ada.says("before")
    bob.hears("before")
    bob.drops()
    missed = [ada.says(f"missed {number}") for number in range(3)]
    hello = bob.resumes(process=far)
    assert hello["resumed"] is True
    bob.catches_up()
    assert [message["seq"] for message in bob.heard] == missed
    ada.says("after")
    bob.hears("after")


def test_who_missed_nothing_gets_one_empty_frame(site, join):
    ada = join(site, "Ada")
    seq = ada.says("hello")
    ada.hears("hello")
    ada.resumes()
    assert ada.frames[-1] == {"type": "messages", "from": seq + 1, "to": seq, "messages": []}


def test_since_0_is_everything(make_site, join):
    site = make_site()
    ada = join(site, "Ada")
    ada.says("one")
    ada.says("two")
    hello = join(site, since={"epoch": ada.epoch, "seq": 0}).frames
    assert hello[0]["resumed"] is True
    assert (hello[1]["from"], hello[1]["to"]) == (1, 2)


def test_another_epoch_and_a_client_ahead_of_the_room_start_afresh(site, join):
    ada = join(site, "Ada")
    seq = ada.says("hello")
    for since in ({"epoch": "other", "seq": 0}, {"epoch": ada.epoch, "seq": seq + 1000}):
        reader = join(site, since=since)
        assert reader.frames[0]["resumed"] is False
        assert reader.position == seq


@once
def test_who_is_more_than_1000_behind_starts_afresh(make_site, join):
    site = make_site()
    ada = join(site, "Ada")
    for start in range(0, 1002, 30):
        nonces = [ada.posts(f"{number}") for number in range(start, min(start + 30, 1002))]
        for nonce in nonces:
            ada.is_accepted(nonce)
    epoch = ada.epoch
    assert join(site, since={"epoch": epoch, "seq": 1}).frames[0]["resumed"] is False
    late = join(site, since={"epoch": epoch, "seq": 2})
    assert late.frames[0]["resumed"] is True
    late.catches_up()
    assert [message["seq"] for message in late.heard] == list(range(3, 1003))


def test_a_second_join_with_since_is_answered_like_a_first_one(site, join):
    ada = join(site, "Ada")
    first = ada.says("one")
    ada.says("two")
    hello = ada.joins(since={"epoch": ada.epoch, "seq": first})
    assert hello["resumed"] is True
    assert ada.position == first + 1
    ada.says("three")
    ada.hears("three")


def test_nobody_misses_anything_when_a_process_dies_and_comes_back(make_site, join):
    site = make_site()
    ada = join(site, "Ada", cookie=site.cookie())
    seq = ada.says("before the crash")
    site.processes[0].kill()
    assert ada.is_closed()
    site.start(0)
    ada.resumes()
    assert ada.says("after the crash") == seq + 1
    assert [row["text"] for row in site.messages()] == ["before the crash", "after the crash"]


def test_a_process_that_is_stopped_says_so_and_frees_the_names_of_its_guests(make_site, join):
    site = make_site()
    guest = join(site, "Guest")
    seq = guest.says("before the restart")
    site.stop(0)
    bye = guest.gets("bye")
    assert bye["code"] == "restart"
    assert bye["retry_after"] > 0
    assert guest.is_closed() == 4012
    site.start(0)
    again = guest.resumes()
    assert again["you"]["name"] == "Guest"
    assert guest.says("after the restart") == seq + 1


# --- Limits --------------------------------------------------------------------------------------
def test_too_many_posts_are_rejected_with_a_time_to_wait(make_site, join):
    ada = join(make_site(CHAT_POST_RATE="2/10 seconds"), "Ada")
    nonce = ada.posts("1")
    seq = ada.is_accepted(nonce)
    ada.says("2")
    rejected = ada.is_rejected(ada.posts("3"))
    assert rejected["code"] == "rate_limited"
    assert 0 < rejected["retry_after"] <= 10
    # A retry of what is stored is no lie: it is accepted, however fast.
    assert ada.says("1", nonce=nonce) == seq


@once
def test_too_many_joins_get_an_error_with_a_time_to_wait(make_site, join, connect):
    site = make_site(CHAT_JOIN_RATE="2/minute")
    join(site, "Ada")
    bob = join(site, "Bob")
    bob.sends({"type": "join", "name": "Robert"})
    error = bob.gets("error")
    assert (error["code"], error["for"]) == ("rate_limited", "join")
    assert 0 < error["retry_after"] <= 60
    assert bob.gets("hello", resumed=True)["you"]["name"] == "Bob"
    assert bob.joins(since={"epoch": bob.epoch, "seq": 0})["resumed"] is True
    bob.says("still Bob")


@once
def test_too_many_sockets_from_one_address_are_refused_until_one_closes(make_site, join):
    site = make_site(CHAT_SOCKETS_PER_ADDRESS="2")
    ada = join(site, "Ada")
    join(site, "Bob")
    with pytest.raises(InvalidStatus) as caught:
        join(site)
    assert caught.value.response.status_code == 429
    ada.leaves()

    def admitted() -> bool:
        try:
            return bool(join(site))
        except InvalidStatus:
            return False

    eventually(admitted)


def test_addresses_behind_a_trusted_proxy_are_counted_one_by_one(make_site, join):
    site = make_site(CHAT_SOCKETS_PER_ADDRESS="1", CHAT_TRUSTED_HOPS="1")
    join(site, headers={"X-Forwarded-For": "203.0.113.1"})
    join(site, headers={"X-Forwarded-For": "203.0.113.2"})
    with pytest.raises(InvalidStatus):
        join(site, headers={"X-Forwarded-For": "203.0.113.3, 203.0.113.1"})


def test_an_address_can_not_be_forged_where_no_proxy_is_trusted(make_site, join):
    site = make_site(CHAT_SOCKETS_PER_ADDRESS="1")
    join(site, headers={"X-Forwarded-For": "203.0.113.1"})
    with pytest.raises(InvalidStatus):
        join(site, headers={"X-Forwarded-For": "203.0.113.2"})


# --- Handshakes ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://evil.example", 403),
        ("http://127.0.0.1:1", 403),
        ("null", 403),
        ("file://", 403),
        ("nonsense", 400),
        ("http://", 400),
        ("//127.0.0.1", 400),
        ("http://127.0.0.1:port", 400),
        ("http://[::1", 400),
    ],
)
def test_a_page_of_another_host_may_not_open_a_socket(site, connect, origin, status):
    with pytest.raises(InvalidStatus) as caught:
        connect(site, origin=origin)
    assert caught.value.response.status_code == status


def test_our_own_page_and_listed_origins_may(make_site, join):
    site = make_site(CHAT_ORIGINS="https://www.example.org")
    join(site, origin=site.url)
    join(site, origin="https://www.example.org")


def test_a_host_that_somebodys_dns_points_here_is_no_host_of_ours(site, connect):
    with pytest.raises(InvalidStatus) as caught:
        connect(site, origin="http://rebound.example", headers={"Host": "rebound.example"})
    assert caught.value.response.status_code in {400, 403}


def test_there_is_no_socket_at_another_path(site):
    with pytest.raises(InvalidStatus) as caught:
        client.connect(site.ws_urls[0].replace("/ws/chat/", "/ws/other/"))
    assert caught.value.response.status_code == 404


def test_a_tick_says_where_the_log_stands(site, join, far):
    ada, bob = join(site, "Ada"), join(site, "Bob", process=far)
    seq = ada.says("hello")
    bob.hears("hello")
    bob.sends({"type": "ping", "seq": seq})
    assert bob.gets("tick") == {"type": "tick", "epoch": ada.epoch, "seq": seq}


def test_a_tick_knows_what_was_stored_a_moment_ago_by_another_process(site, join, far):
    ada, bob = join(site, "Ada"), join(site, "Bob", process=far)
    for number in range(10):
        seq = ada.says(f"{number}")
        bob.sends({"type": "ping", "seq": 0})
        bob.gets("tick", deadline=3, seq=seq)  # the one that comes every 15 s may be older
