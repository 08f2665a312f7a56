"""The page's modules one by one: in a real browser, with a fake clock, socket and chance."""

import hashlib
import re
from datetime import datetime
from pathlib import Path

import pytest

from chat.templatetags import room

pytestmark = pytest.mark.stack("embedded")  # runs in the browser alone

STATIC = Path(__file__).resolve().parents[2] / "static" / "chat"

FAKES = Path(__file__).with_name("page_fakes.js").read_text()


@pytest.fixture(scope="module")
def modules(browser, site):
    page = browser.new_page(timezone_id="UTC")
    page.goto(site.url)
    yield page
    page.close()


@pytest.fixture
def js(modules):
    """Runs a script with the modules and the fakes at hand; gives what it returns."""
    names = {
        "avatars": "avatar",
        "connections": "connection",
        "groups": "grouping",
        "httpSockets": "http_socket",
        "memories": "memory",
        "outboxes": "outbox",
        "protocol": "protocol",
        "sessions": "session",
        "stores": "outbox_store",
        "texts": "text",
        "timelines": "timeline",
        "wakefulnesses": "wakefulness",
    }
    imports = "".join(
        f'const {name} = await import("/static/chat/{file}.js");' for name, file in names.items()
    )
    return lambda script, given=None: modules.evaluate(
        f"async (given) => {{ {imports} {FAKES} {script} }}", given
    )


# --- protocol.js ---------------------------------------------------------------------------------
def test_a_frame_goes_to_its_handler_and_an_unknown_one_nowhere(js):
    assert js("""
        const heard = [];
        for (const type of ["tick", "news", "constructor", undefined])
          protocol.dispatch({ tick: (frame) => heard.push(frame.type) }, { type });
        return heard;
    """) == ["tick"]


def test_what_is_not_json_is_a_frame_without_a_type(js):
    assert (
        js('return ["{", "null", "7"].map((data) => protocol.decode(data).type ?? "none")')
        == ["none"] * 3
    )


def test_length_is_counted_as_the_server_counts(js):
    # An emoji is one character; an e with an accent is composed to one; the ends are cut.
    assert js('return protocol.textLength("  🎉e\\u0301\\n")') == 2


def test_a_text_that_would_break_the_connection_is_known_before(js):
    limits = {"frame": 16384}
    fits = "return [given.ok, given.not].map((text) => protocol.fitsFrame(text, given.limits))"
    given = {"ok": "🎉" * 4000, "not": "\x01" * 4000, "limits": limits}
    assert js(fits, given) == [True, False]


def test_a_nonce_has_the_form_that_the_protocol_wants(js):
    assert re.fullmatch(r"[A-Za-z0-9-]{8,64}", js("return protocol.makeNonce(crypto)"))


# --- connection.js -------------------------------------------------------------------------------
def test_delays_have_full_jitter_from_half_a_second_doubling_to_thirty(js):
    longest = js("return [0, 1, 5, 6, 50].map((n) => connections.backoff(n, () => 1))")
    assert longest == [500, 1000, 16_000, 30_000, 30_000]
    assert js("return connections.backoff(50, () => 0)") == 0


def test_after_a_broken_connection_it_says_when_it_tries_again_and_does(js):
    result = js("""
        const { clock, states } = aConnection(() => 1);
        Socket.last.breaks();
        clock.pass(0.4);
        const before = Socket.all.length;
        clock.pass(0.2);
        return { states, before, after: Socket.all.length };
    """)
    assert result["states"][1] == {"name": "waiting", "until": 500}
    assert (result["before"], result["after"]) == (1, 2)


def test_it_comes_back_no_earlier_than_the_server_asks(js):
    assert js("""
        const { states } = aConnection();
        Socket.last.welcomes();
        Socket.last.hears({ type: "bye", code: "restart", message: "Back soon.", retry_after: 7 });
        Socket.last.breaks();
        return states.at(-1);
    """) == {"name": "waiting", "until": 7000, "reason": "Back soon."}


def test_a_welcome_makes_the_next_delay_short_again(js):
    assert (
        js("""
        const { clock, states } = aConnection(() => 1);
        for (let failures = 0; failures < 6; failures++) { Socket.last.breaks(); clock.pass(30); }
        Socket.last.welcomes();
        Socket.last.breaks();
        return states.at(-1).until - clock.now();
    """)
        == 500
    )


def test_a_ban_without_an_end_is_not_knocked_at(js):
    assert js("""
        const { clock, states } = aConnection();
        Socket.last.welcomes();
        Socket.last.hears({ type: "bye", code: "banned", message: "You are banned." });
        Socket.last.breaks();
        clock.pass(3600);
        return [states.at(-1), Socket.all.length];
    """) == [{"name": "closed", "reason": "You are banned."}, 1]


def test_a_server_that_says_nothing_is_left(js):
    assert js("""
        const { clock } = aConnection();
        Socket.last.welcomes();
        const first = Socket.last;
        clock.pass(40);
        first.hears({ type: "tick" });
        clock.pass(40);
        const kept = first.closed;
        clock.pass(10);
        return [kept, first.closed];
    """) == [False, True]


def test_a_connection_without_a_welcome_is_left_after_ten_seconds(js):
    assert js("""
        const { clock } = aConnection();
        Socket.last.opens();
        const first = Socket.last;
        clock.pass(9);
        const kept = first.closed;
        clock.pass(2);
        return [kept, first.closed];
    """) == [False, True]


def test_it_asks_for_a_ping_every_20_to_25_seconds(js):
    quiet = """
        const { clock, events } = aConnection(() => given);
        Socket.last.welcomes();
        clock.pass(39);
        Socket.last.hears({ type: "tick" });
        clock.pass(39);
        return events.filter((event) => event === "quiet").length;
    """
    assert (js(quiet, 0), js(quiet, 1)) == (3, 3)


def test_when_the_network_comes_back_it_does_not_wait(js):
    assert (
        js("""
        const { connection } = aConnection(() => 1);
        Socket.last.breaks();
        connection.check();
        return Socket.all.length;
    """)
        == 2
    )


def test_a_connection_that_looks_open_is_tried_when_the_screen_comes_back(js):
    assert js("""
        const { connection, clock, events } = aConnection(() => 1);
        Socket.last.welcomes();
        const first = Socket.last;
        connection.check();
        clock.pass(6);
        return [events.includes("quiet"), first.closed];
    """) == [True, True]


def test_what_a_lost_socket_still_says_is_not_heard(js):
    assert js("""
        const { connection } = aConnection();
        const first = Socket.last;
        connection.open();
        return [first.onmessage, first.onclose];
    """) == [None, None]


def test_after_two_sockets_in_a_row_that_never_opened_it_works_over_http(js):
    result = js("""
        const { clock, states } = aConnection(() => 1);
        Socket.last.breaks();
        clock.pass(1);
        Socket.last.breaks();
        const instead = Socket.last.kind;
        Socket.last.welcomes();
        return { instead, states };
    """)
    assert result["instead"] == "http"
    assert [state["name"] for state in result["states"]] == [
        *("connecting", "waiting", "connecting", "open")
    ]
    assert result["states"][-1]["overHttp"] is True


def test_a_socket_that_was_welcomed_and_lost_is_no_reason_to_work_over_http(js):
    assert (
        js("""
        const { clock } = aConnection();
        for (let lost = 0; lost < 5; lost++) {
          Socket.last.welcomes();
          Socket.last.breaks();
          clock.pass(0);
        }
        return Socket.all.map(({ kind }) => kind);
    """)
        == ["ws"] * 6
    )


def test_two_sockets_that_opened_and_let_nothing_through_are(js):
    assert (
        js("""
        const { clock } = aConnection();
        for (let silent = 0; silent < 2; silent++) {
          Socket.last.opens();
          clock.pass(10);
        }
        return Socket.last.kind;
    """)
        == "http"
    )


def test_where_http_fails_too_it_waits_and_begins_with_a_socket_again(js):
    result = js("""
        const { clock, states } = aConnection(() => 1);
        for (const wait of [0.5, 0, 1]) {
          Socket.last.breaks();
          clock.pass(wait);
        }
        return { kinds: Socket.all.map(({ kind }) => kind), waiting: states.at(-2).name };
    """)
    assert result == {"kinds": ["ws", "ws", "http", "ws"], "waiting": "waiting"}


def test_over_http_it_tries_a_socket_every_half_minute_and_goes_back_to_one_that_opens(js):
    result = js("""
        const { clock, states, http } = overHttp();
        clock.pass(29);
        http.hears({ type: "messages" });
        const before = Socket.last === http;
        clock.pass(2);
        const first = Socket.last;
        clock.pass(30);
        const meanwhile = [first.closed, http.closed];
        Socket.last.welcomes();
        const { kind } = Socket.last;
        return { before, meanwhile, kind, http: http.closed, state: states.at(-1) };
    """)
    assert result == {
        "before": True,
        "meanwhile": [True, False],  # the try, not what works
        "kind": "ws",
        "http": True,
        "state": {"name": "open", "overHttp": False},
    }


def test_over_http_it_tries_a_socket_when_the_network_comes_back(js):
    assert js("""
        const { connection, http } = overHttp();
        connection.check();
        return [Socket.last.kind, http.closed];
    """) == ["ws", False]


# --- wakefulness.js ------------------------------------------------------------------------------
def test_a_timer_that_comes_much_too_late_tells_that_the_machine_slept(js):
    assert js("""
        const { clock, woken } = aWakefulness();
        clock.pass(120);
        const awake = woken();
        clock.sleep(3600);
        clock.pass(120);
        return [awake, woken()];
    """) == [0, 1]


def test_the_page_wakes_with_the_network_the_tab_and_the_back_button(js):
    assert js("""
        const { here, page, woken } = aWakefulness();
        const show = (persisted) => Object.assign(new Event("pageshow"), { persisted });
        const counts = [];
        for (const happens of [
          () => here.dispatchEvent(new Event("offline")),
          () => here.dispatchEvent(new Event("online")),
          () => here.dispatchEvent(show(false)),
          () => here.dispatchEvent(show(true)),
          () => page.dispatchEvent(new Event("resume")),
          () => page.dispatchEvent(new Event("visibilitychange")),
          () => { page.hidden = true; page.dispatchEvent(new Event("visibilitychange")); },
        ]) {
          happens();
          counts.push(woken());
        }
        return counts;
    """) == [1, 2, 2, 3, 4, 5, 5]


# --- session.js ----------------------------------------------------------------------------------
def test_the_first_join_goes_on_from_the_position_of_the_page(js):
    assert js('return aSession("Ada").sent') == [
        {"type": "join", "name": "Ada", "since": {"epoch": "e", "seq": 10}}
    ]


def test_a_gap_is_noticed_and_asked_for_once(js):
    result = js("""
        const { session, sent, taken, hears } = aSession();
        session.receive(HELLO);
        hears("messages", 11, 12);
        hears("messages", 15, 15);
        hears("messages", 16, 16);
        session.receive(HELLO);
        hears("messages", 13, 16);
        return { joins: sent.slice(1), taken };
    """)
    assert result["joins"] == [{"type": "join", "since": {"epoch": "e", "seq": 12}}]
    assert result["taken"] == [[12, False], [16, False]]


def test_what_comes_twice_does_not_set_the_position_back(js):
    assert js("""
        const { session, sent, hears } = aSession();
        session.receive(HELLO);
        hears("messages", 11, 14);
        hears("messages", 11, 12);
        session.ping();
        return sent.at(-1);
    """) == {"type": "ping", "seq": 14}


def test_a_resumption_that_failed_begins_anew(js):
    assert js("""
        const { session, taken, hears } = aSession();
        session.receive({ ...HELLO, epoch: "other", resumed: false });
        hears("messages", 1, 3);
        hears("messages", 4, 4);
        return [taken, session.epoch];
    """) == [[[3, True], [4, False]], "other"]


def test_a_connection_lost_while_it_begins_anew_begins_anew_on_the_next(js):
    result = js("""
        const { session, sent, taken, hears } = aSession();
        session.receive({ ...HELLO, epoch: "other", resumed: false });
        session.opened();
        session.receive({ ...HELLO, epoch: "other" });
        hears("messages", 1, 12);
        return { since: sent.at(-1).since, taken };
    """)
    assert result == {"since": {"epoch": "other", "seq": 0}, "taken": [[12, True]]}


def test_what_a_tick_promises_is_fetched_if_it_is_not_here_by_the_next(js):
    assert js("""
        const { session, sent, hears } = aSession();
        session.receive(HELLO);
        hears("tick", 0, 12);
        const patient = sent.length;
        hears("tick", 0, 12);
        return [patient, sent.length];
    """) == [1, 2]


def test_a_tick_of_another_epoch_makes_it_join_again(js):
    assert (
        js("""
        const { session, sent } = aSession();
        session.receive(HELLO);
        session.receive({ type: "tick", epoch: "other", seq: 10 });
        return sent.length;
    """)
        == 2
    )


def test_a_name_waits_for_the_answer_to_the_join_before(js):
    assert js("""
        const { session, sent } = aSession();
        session.rename("Ada");
        const before = sent.length;
        session.receive(HELLO);
        return [before, sent[1]];
    """) == [1, {"type": "join", "name": "Ada"}]


def test_a_name_given_without_a_connection_goes_along_with_the_next_join(js):
    assert js("""
        const { session, sent } = aSession("Ada");
        session.rename("Countess");
        session.opened();
        session.receive(HELLO);
        session.opened();
        return sent.map(({ name }) => name);
    """) == ["Ada", "Countess", "Ada"]


def test_a_first_join_that_was_not_tried_comes_back_by_itself(js):
    result = js("""
        const { session, errors, drops } = aSession("Ada");
        const error = { type: "error", for: "join", code: "rate_limited", retry_after: 3 };
        session.receive(error);
        return { errors, wait: drops[0].retry_after };
    """)
    assert result == {"errors": [], "wait": 3}


# --- outbox.js -----------------------------------------------------------------------------------
def test_nothing_is_sent_before_the_room_knows_who_we_are(js):
    assert js("""
        const { outbox, sent, states } = anOutbox();
        outbox.add("one");
        const before = states();
        outbox.resume();
        return [before, sent, states()];
    """) == [{"n1": "waiting"}, ["n1"], {"n1": "sending"}]


def test_at_most_32_posts_are_unanswered_and_the_rest_follows_in_order(js):
    result = js("""
        const { outbox, sent } = anOutbox();
        outbox.resume();
        for (let i = 0; i < 40; i++) outbox.add("text");
        const first = sent.length;
        outbox.accepted({ nonce: "n1", seq: 1 });
        outbox.rejected({ nonce: "n2", reason: "Too fast." });
        return { first, then: sent.slice(32) };
    """)
    assert result == {"first": 32, "then": ["n33", "n34"]}


def test_after_a_reconnect_what_was_not_accepted_goes_out_again_in_order(js):
    assert js("""
        const { outbox, sent } = anOutbox();
        outbox.resume();
        for (const text of ["a", "b", "c"]) outbox.add(text);
        outbox.accepted({ nonce: "n2", seq: 1 });
        outbox.pause();
        outbox.add("d");
        outbox.resume();
        return sent;
    """) == ["n1", "n2", "n3", "n1", "n3", "n4"]


def test_accepted_before_the_message_stays_until_the_message_is_here(js):
    assert js("""
        const { outbox, states } = anOutbox();
        outbox.resume();
        outbox.add("a");
        outbox.accepted({ nonce: "n1", seq: 5 });
        const between = states();
        outbox.seen("n1");
        return [between, states()];
    """) == [{"n1": "accepted"}, {}]


def test_the_message_before_accepted_settles_it_too(js):
    assert (
        js("""
        const { outbox, states } = anOutbox();
        outbox.resume();
        outbox.add("a");
        outbox.seen("n1");
        outbox.reached(5);
        outbox.accepted({ nonce: "n1", seq: 5 });
        return states();
    """)
        == {}
    )


def test_accepted_of_a_message_that_was_removed_meanwhile_leaves_nothing(js):
    assert (
        js("""
        const { outbox, states } = anOutbox();
        outbox.resume();
        outbox.add("a");
        outbox.reached(9);
        outbox.accepted({ nonce: "n1", seq: 5 });
        return states();
    """)
        == {}
    )


def test_a_rejected_one_says_why_and_is_tried_again_under_its_nonce_or_discarded(js):
    result = js("""
        const { outbox, sent, states } = anOutbox();
        outbox.resume();
        outbox.add("a");
        outbox.add("b");
        outbox.rejected({ nonce: "n1", reason: "Too fast." });
        outbox.rejected({ nonce: "n2", reason: "Too fast." });
        const { state, reason } = outbox.entries[0];
        outbox.retry("n1");
        outbox.discard("n2");
        return { state, reason, sent, states: states() };
    """)
    assert result["state"] == "failed"
    assert result["reason"] == "Too fast."
    assert result["sent"] == ["n1", "n2", "n1"]
    assert result["states"] == {"n1": "sending"}


def test_a_rejected_one_is_not_sent_again_by_a_reconnect(js):
    assert js("""
        const { outbox, sent } = anOutbox();
        outbox.resume();
        outbox.add("a");
        outbox.rejected({ nonce: "n1", reason: "Too long." });
        outbox.pause();
        outbox.resume();
        return sent;
    """) == ["n1"]


def test_what_the_server_was_too_busy_to_try_goes_out_again_by_itself_in_order(js):
    result = js("""
        const { outbox, sent, states, clock } = anOutbox();
        outbox.resume();
        for (const text of ["a", "b", "c"]) outbox.add(text);
        for (const nonce of ["n1", "n2"]) outbox.rejected({ nonce, code: "busy", retry_after: 2 });
        outbox.accepted({ nonce: "n3", seq: 1 });
        outbox.add("d");
        const resting = [sent.slice(), states()];
        clock.pass(2.9);
        const patient = sent.length;
        clock.pass(0.2);
        return { resting, patient, then: sent.slice(3) };
    """)
    assert result["resting"][0] == ["n1", "n2", "n3"]
    assert result["resting"][1] == {
        **{"n1": "waiting", "n2": "waiting", "n3": "accepted", "n4": "waiting"}
    }
    assert result["patient"] == 3
    assert result["then"] == ["n1", "n2", "n4"]


def test_the_outbox_keeps_what_is_not_accepted_and_why_it_failed(js):
    assert js("""
        const { outbox, stored } = anOutbox();
        outbox.resume();
        for (const text of ["a", "b", "c", "d"]) outbox.add(text);
        outbox.accepted({ nonce: "n1", seq: 1 });
        outbox.rejected({ nonce: "n2", code: "too_long", reason: "Too long." });
        outbox.discard("n3");
        return [...stored.values()].map(({ nonce, text, reason }) => [nonce, text, reason ?? null]);
    """) == [["n2", "b", "Too long."], ["n4", "d", None]]


def test_adopted_entries_go_out_where_they_were_written_and_failed_ones_stay_failed(js):
    result = js("""
        const { outbox, sent, states, clock } = anOutbox();
        clock.pass(60);
        outbox.add("mine");
        const at = (minute) => new Date(minute * 60_000).toISOString();
        outbox.adopt([
          { nonce: "later", text: "c", at: at(2) },
          { nonce: "failed", text: "a", at: at(0), reason: "Too long." },
          { nonce: "earlier", text: "b", at: at(0.5) },
        ]);
        outbox.add("last");
        outbox.resume();
        return { sent, states: states() };
    """)
    assert result["sent"] == ["earlier", "n1", "later", "n2"]
    assert result["states"]["failed"] == "failed"


def test_an_adopted_entry_whose_message_is_here_already_is_done(js):
    assert js("""
        const { outbox, states, stored } = anOutbox();
        const entry = { nonce: "said", text: "a", at: "2026-11-22T12:00:00.000Z" };
        stored.set("said", entry);
        outbox.seen("said");
        outbox.adopt([entry]);
        return [states(), stored.size];
    """) == [{}, 0]


# --- outbox_store.js -----------------------------------------------------------------------------
def test_a_reloaded_page_finds_its_entries_at_once(js):
    assert js("""
        const browser = new Browser();
        const before = browser.opens("before");
        for (const nonce of ["a", "b"]) before.writes(nonce);
        before.goes();
        const after = browser.opens("after");
        after.adopts();
        return after.shows();
    """) == ["a", "b"]


def test_two_living_pages_keep_each_its_own(js):
    assert js("""
        const browser = new Browser();
        const [one, two] = [browser.opens("one"), browser.opens("two")];
        one.writes("a");
        two.writes("b");
        for (const page of [one, two]) { page.adopts(); page.passes(5); }
        return [one.shows(), two.shows()];
    """) == [["a"], ["b"]]


def test_what_a_page_gives_up_goes_to_another_that_lives_but_not_before_it_could_reload(js):
    assert js("""
        const browser = new Browser();
        const [one, two] = [browser.opens("one"), browser.opens("two")];
        one.writes("a");
        one.goes();
        two.passes(2);
        const soon = two.shows();
        two.passes(2);
        return [soon, two.shows()];
    """) == [[], ["a"]]


def test_what_a_crashed_page_left_is_adopted_when_nobody_answers_for_it(js):
    assert js("""
        const browser = new Browser();
        const crashed = browser.opens("crashed");
        crashed.writes("a");
        crashed.awake = false;
        const page = browser.opens("page");
        page.adopts();
        const asked = page.shows();
        page.passes(1.1);
        return [asked, page.shows()];
    """) == [[], ["a"]]


def test_a_page_that_was_frozen_drops_what_another_took_or_finished_meanwhile(js):
    assert js("""
        const browser = new Browser();
        const [frozen, other] = [browser.opens("frozen"), browser.opens("other")];
        for (const nonce of ["taken", "finished"]) frozen.writes(nonce);
        frozen.awake = false;
        other.adopts();
        other.passes(2);
        other.store.remove("finished");
        frozen.awake = true;
        frozen.writes("new");
        frozen.adopts();
        return [frozen.shows(), other.shows()];
    """) == [["new"], ["finished", "taken"]]


def test_a_page_that_comes_back_from_the_cache_takes_up_what_is_still_there(js):
    assert js("""
        const browser = new Browser();
        const page = browser.opens("page");
        for (const nonce of ["a", "b"]) page.writes(nonce);
        page.goes();
        const next = browser.opens("next");
        next.store.remove("a");
        page.awake = true;
        page.adopts();
        const owners = Object.values(browser.storage).map((entry) => JSON.parse(entry).owner);
        return [page.shows(), owners];
    """) == [["a", "b"], ["page", "page"]]


def test_two_pages_that_adopt_the_same_agree_on_one(js):
    assert js("""
        const browser = new Browser();
        const gone = browser.opens("gone");
        gone.writes("a");
        gone.awake = false;
        const [one, two] = [browser.opens("one"), browser.opens("two")];
        one.adopts();
        two.adopts();
        one.passes(2);
        two.passes(2);
        return [one.shows(), two.shows()].flat();
    """) == ["a"]


@pytest.mark.parametrize("what", ["reading", "writing"])
def test_where_storage_is_forbidden_or_full_the_outbox_lives_in_the_page(js, what):
    assert (
        js(
            """
        const refuse = () => { throw new Error("QuotaExceededError"); };
        const lost = [];
        const store = new stores.OutboxStore({
          storage: given === "reading" ? refuse : () => ({ setItem: refuse, getItem: () => null }),
          channel: { postMessage() {} },
          owner: "page",
          clock: new Clock(),
          adopted: refuse,
          lost: (nonce) => lost.push(nonce),
        });
        store.save({ nonce: "a", text: "a", at: "" });
        store.adopt();
        store.remove("a");
        store.giveUp();
        return lost;
        """,
            what,
        )
        == []
    )


# --- http_socket.js ------------------------------------------------------------------------------
def test_over_http_a_join_is_answered_by_hello_and_what_is_new(js):
    result = js("""
        const { requests, frames, sends, page, settled, opened } = anHttpSocket();
        await opened;
        sends({ type: "join", name: "Ada", since: { epoch: "e", seq: 10 } });
        requests[0].answer(200, page(11, 12, { messages: [message(11), message(12)], more: true }));
        await settled();
        requests[1].answer(200, page(13, 13, { messages: [message(13)] }));
        await settled();
        return { frames, paths: requests.map(({ path }) => path) };
    """)
    hello, *news = result["frames"]
    assert hello == {
        **{"type": "hello", "epoch": "e", "seq": 12, "resumed": True},
        "you": {"id": "ada", "name": "Ada"},
    }
    assert [(frame["type"], frame["from"], frame["to"]) for frame in news] == [
        ("messages", 11, 12),
        ("messages", 13, 13),
    ]
    assert result["paths"] == [
        "/api/messages?after=10&epoch=e&wait=0",
        "/api/messages?after=12&epoch=e&wait=0",
        "/api/messages?after=13&epoch=e&wait=25",
    ]


def test_over_http_another_history_begins_with_a_hello(js):
    result = js("""
        const { requests, frames, page, settled, joined } = anHttpSocket();
        await joined();
        requests.at(-1).answer(200, page(1, 2, { epoch: "other", resumed: false }));
        await settled();
        return { frames: frames.slice(2), path: requests.at(-1).path };
    """)
    assert [(frame["type"], frame["epoch"], frame["resumed"]) for frame in result["frames"]] == [
        ("hello", "other", False),
        ("messages", "other", False),
    ]
    assert result["path"] == "/api/messages?after=2&epoch=other&wait=25"


def test_over_http_posts_go_one_after_the_other_and_claim_the_name_with_the_first(js):
    result = js("""
        const { requests, frames, sends, settled, joined } = anHttpSocket();
        await joined("Ada");
        for (const nonce of ["n1", "n2"]) sends({ type: "post", nonce, text: nonce });
        const posts = () => requests.filter(({ body }) => body);
        const first = posts().length;
        posts()[0].answer(201, { nonce: "n1", seq: 11 });
        await settled();
        posts()[1].answer(429, { code: "rate_limited", message: "Too fast.", retry_after: 3 });
        await settled();
        return { first, bodies: posts().map(({ body }) => body), frames: frames.slice(2) };
    """)
    assert result["first"] == 1
    assert result["bodies"] == [
        {"nonce": "n1", "text": "n1", "name": "Ada"},
        {"nonce": "n2", "text": "n2"},
    ]
    assert result["frames"] == [
        {"type": "accepted", "nonce": "n1", "seq": 11},
        {
            **{"type": "rejected", "nonce": "n2", "code": "rate_limited"},
            **{"message": "Too fast.", "retry_after": 3},
        },
    ]


def test_over_http_a_busy_server_is_not_asked_for_what_was_written_later(js):
    result = js("""
        const { requests, frames, sends, settled, joined } = anHttpSocket();
        await joined("Ada");
        for (const nonce of ["n1", "n2"]) sends({ type: "post", nonce, text: nonce });
        requests.at(-1).answer(503, { code: "busy", message: "Busy.", retry_after: 2 });
        await settled();
        return { frames: frames.slice(2), posts: requests.filter(({ body }) => body).length };
    """)
    assert result["posts"] == 1
    assert [(frame["type"], frame["nonce"], frame["code"]) for frame in result["frames"]] == [
        ("rejected", "n1", "busy"),
        ("rejected", "n2", "busy"),
    ]


def test_over_http_what_is_not_known_yet_is_asked_again_and_told_nobody(js):
    result = js("""
        const { clock, requests, frames, sends, settled, joined } = anHttpSocket();
        await joined("Ada");
        for (const nonce of ["n1", "n2"]) sends({ type: "post", nonce, text: nonce });
        const posts = () => requests.filter(({ body }) => body);
        posts()[0].answer(504, { code: "unknown", message: "Not known.", retry_after: 2 });
        await settled();
        const told = frames.length - 2;
        clock.pass(2);
        await settled();
        posts()[1].answer(200, { nonce: "n1", seq: 11 });
        await settled();
        return { told, bodies: posts().map(({ body }) => body), frames: frames.slice(2) };
    """)
    assert result["told"] == 0
    assert [body["nonce"] for body in result["bodies"]] == ["n1", "n1", "n2"]
    assert result["bodies"][0] == result["bodies"][1]
    assert result["frames"] == [{"type": "accepted", "nonce": "n1", "seq": 11}]


def test_over_http_a_taken_name_is_told_as_for_a_join_and_the_post_waits(js):
    result = js("""
        const { requests, frames, sends, settled, joined } = anHttpSocket();
        await joined("Taken");
        sends({ type: "post", nonce: "n1", text: "a" });
        requests.at(-1).answer(409, { code: "name_taken", message: "Someone else has this name." });
        await settled();
        sends({ type: "join", name: "Free" });
        await settled();
        return frames.slice(2);
    """)
    error, unnamed, named = result
    assert (error["type"], error["for"], error["code"]) == ("error", "join", "name_taken")
    assert (unnamed["type"], unnamed["you"], unnamed["resumed"]) == ("hello", None, True)
    assert named["you"] == {"id": "ada", "name": "Free"}


def test_over_http_a_post_that_got_no_answer_ends_the_connection_undecided(js):
    assert (
        js("""
        const kinds = [];
        for (const ends of [
          (post) => post.fail(new TypeError("network")),
          (post) => post.answer(502, "an error of a proxy"),
          (post, { clock }) => clock.pass(21),
        ]) {
          const here = anHttpSocket();
          await here.joined("Ada");
          here.sends({ type: "post", nonce: "n1", text: "a" });
          ends(here.requests.at(-1), here);
          await here.settled();
          kinds.push(here.frames.slice(2).map(({ type }) => type));
        }
        return kinds;
    """)
        == [["closed"]] * 3
    )


def test_over_http_a_refused_poll_says_why_and_when_to_come_back(js):
    assert js("""
        const { requests, frames, settled, joined } = anHttpSocket();
        await joined();
        requests.at(-1).answer(503, { code: "busy", message: "Busy.", retry_after: 2 });
        await settled();
        return frames.slice(2);
    """) == [
        {"type": "bye", "code": "busy", "message": "Busy.", "retry_after": 2},
        {"type": "closed"},
    ]


def test_over_http_a_ping_asks_at_once_and_leaves_the_poll_that_waits(js):
    result = js("""
        const { requests, sends, joined } = anHttpSocket();
        await joined();
        const waiting = requests.at(-1);
        sends({ type: "ping", seq: 10 });
        return { left: waiting.signal.aborted, path: requests.at(-1).path };
    """)
    assert result == {"left": True, "path": "/api/messages?after=10&epoch=e&wait=0"}


def test_over_http_nothing_is_heard_after_it_is_closed(js):
    assert js("""
        const { socket, requests, frames, page, settled, joined } = anHttpSocket();
        await joined();
        socket.close();
        requests.at(-1).answer(200, page(11, 11));
        await settled();
        return [frames.length, socket.readyState];
    """) == [2, 3]


# --- timeline.js ---------------------------------------------------------------------------------
def test_the_timeline_keeps_the_highest_rev_whatever_comes_last(js):
    assert js("""
        const timeline = new timelines.Timeline();
        timeline.start([message(2), message(1)], 1);
        timeline.merge([message(1, { rev: 4, text: "second" })]);
        timeline.merge([message(1, { rev: 3, text: "first" })]);
        return timeline.messages.map(({ text }) => text);
    """) == ["second", "text 2"]


def test_what_was_removed_does_not_come_back(js):
    assert js("""
        const timeline = new timelines.Timeline();
        timeline.start([message(1), message(2)], 1);
        timeline.merge([{ seq: 1, rev: 3, by: "ada", removed: true }]);
        timeline.merge([message(1)]);
        return timeline.messages.map(({ seq }) => seq);
    """) == [2]


def test_only_what_was_not_shown_is_new(js):
    assert js("""
        const timeline = new timelines.Timeline();
        timeline.start([message(5)], 5);
        const removed = { seq: 9, rev: 10, removed: true };
        const changed = [message(5, { rev: 7 }), message(2, { rev: 8 })];
        return timeline.merge([...changed, message(6), removed]).map(({ seq }) => seq);
    """) == [6]


def test_a_change_to_what_is_not_loaded_waits_until_it_is(js):
    assert js("""
        const timeline = new timelines.Timeline();
        timeline.start([message(5)], 5);
        timeline.merge([message(3, { rev: 6, text: "changed" })]);
        const before = timeline.messages.map(({ seq }) => seq);
        timeline.prepend([message(3), message(4)], true);
        return [before, timeline.messages.map(({ text }) => text), timeline.floor];
    """) == [[5], ["changed", "text 4", "text 5"], 3]


def test_a_long_timeline_forgets_its_oldest_and_can_load_them_again(js):
    assert js("""
        const timeline = new timelines.Timeline();
        timeline.start(Array.from({ length: 9 }, (_, i) => message(i + 1)), 1);
        timeline.trim(3);
        const kept = timeline.messages.map(({ seq }) => seq);
        timeline.prepend([message(5), message(6)], true);
        return [kept, timeline.messages.map(({ seq }) => seq)];
    """) == [[7, 8, 9], [5, 6, 7, 8, 9]]


def test_at_the_beginning_of_the_room_nothing_older_is_looked_for(js):
    assert (
        js("""
        const timeline = new timelines.Timeline();
        timeline.start([message(8)], 8);
        timeline.prepend([message(3)], false);
        return timeline.floor;
    """)
        == 1
    )


# --- grouping.js, avatar.js: the same as for the first paint -------------------------------------
CONVERSATION = [
    ("ada", "Ada", "2026-11-21T23:58:00Z"),
    ("ada", "Ada", "2026-11-21T23:59:00Z"),
    ("ada", "Ada", "2026-11-22T00:00:00Z"),
    ("bob", "Bob", "2026-11-22T00:01:00Z"),
    ("bob", "Bob", "2026-11-22T00:06:00Z"),
    ("bob", "Bob", "2026-11-22T00:12:00Z"),
    ("bob", "Robert", "2026-11-22T00:12:30Z"),
]


def test_a_group_ends_with_another_person_name_or_day_and_with_a_pause(js):
    messages = [{"by": by, "name": name, "at": at} for by, name, at in CONVERSATION]
    rows = js(
        "return groups.inTurn(given).map(({ message, before }) => groups.follows(message, before))",
        messages,
    )
    assert [row["opens"] for row in rows] == [True, False, True, True, False, True, True]
    assert [row["turnsDay"] for row in rows] == [True, False, True, False, False, False, False]


def test_the_server_groups_as_the_page_does():
    messages = [
        {"by": by, "name": name, "at_time": datetime.fromisoformat(at)}
        for by, name, at in CONVERSATION
    ]
    rows = room.grouped(messages)
    assert [row["opens"] for row in rows] == [True, False, True, True, False, True, True]
    assert [bool(row["day"]) for row in rows] == [True, False, True, False, False, False, False]


def test_the_server_paints_avatars_as_the_page_does(js):
    names = ["Ada", "ada lovelace", "  x ", "李小龍", "🎉", "<img src=x>", "Éa Ölig Zed", ""]
    ids = ["YEiTHBCNJobN", "a", "", "m-2_9"]
    assert js("return given.map(avatars.initials)", names) == [room.initials(n) for n in names]
    assert js("return given.map(avatars.hue)", ids) == [room.hue(i) for i in ids]


# --- text.js, memory.js --------------------------------------------------------------------------
def test_only_web_addresses_become_links_and_all_else_stays_text(js):
    text = (
        "See https://example.org/a?b=1, HTTP://EXAMPLE.ORG (https://example.org/x) "
        "javascript:alert(1) data:text/html,x ftp://example.org example.org "
        "ada@example.org <b>bold</b> &amp;"
    )
    result = js(
        """
        const paragraph = document.createElement("p");
        texts.fill(paragraph, given);
        const links = [...paragraph.querySelectorAll("a")];
        const parts = ({ textContent, rel, target }) => [textContent, rel, target];
        return { text: paragraph.textContent, links: links.map(parts) };
    """,
        text,
    )
    assert result["text"] == text
    assert result["links"] == [
        [address, "noopener noreferrer nofollow ugc", "_blank"]
        for address in ("https://example.org/a?b=1", "HTTP://EXAMPLE.ORG", "https://example.org/x")
    ]


def test_where_storage_is_forbidden_the_name_is_remembered_for_the_page(js):
    assert js("""
        const name = new memories.Memory(() => { throw new Error("SecurityError"); }, "chat.name");
        const before = name.text ?? null;
        name.text = "Ada";
        return [before, name.text];
    """) == [None, "Ada"]


# --- What the modules are made of ----------------------------------------------------------------
def test_the_page_fetches_every_module_at_once():
    listed = (STATIC.parents[1] / "templates" / "chat" / "modules.html").read_text()
    modules = [*STATIC.glob("*.js"), *STATIC.glob("vendor/*.mjs")]
    missing = [m.name for m in modules if f"{m.relative_to(STATIC.parent)}'" not in listed]
    assert not missing
    assert listed.count("{% static ") == len(modules)


def test_vendored_files_are_the_published_ones():
    rows = re.findall(
        r"^\| `(.+?)` \|.*`([0-9a-f]{64})` \|$", (STATIC / "vendor/README.md").read_text(), re.M
    )
    assert {name for name, _ in rows} | {"README.md"} == {
        path.name for path in (STATIC / "vendor").iterdir()
    }
    for name, digest in rows:
        assert hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() == digest


def test_nothing_is_parsed_as_html():
    sinks = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|srcdoc")
    assert not [m.name for m in STATIC.glob("*.js") if sinks.search(m.read_text())]
