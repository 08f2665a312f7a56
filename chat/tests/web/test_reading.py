"""To read the room over HTTP: a real Daphne, and people on sockets beside."""

import queue
import threading
from http.client import HTTPConnection
from types import SimpleNamespace

import pytest
from limits import parse

from chat.log.batch import Event
from chat.policy.bans import Bans
from chat.policy.rates import Rates
from chat.protocol.errors import FrameError
from chat.protocol.incoming import Since
from chat.tests.support import eventually
from chat.tests.web.caller import Caller, texts
from chat.web import reading

once = pytest.mark.stack("embedded")  # the other stack has nothing to add


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


# --- Older ones ----------------------------------------------------------------------------------
@once
async def test_who_has_read_too_much_is_refused_before_the_history_is_asked(
    rf, monkeypatch, settings
):
    class Relay:
        asked, rules = 0, SimpleNamespace(bans=Bans())
        tail = SimpleNamespace(position=Since("e", 1000))

        async def started(self):
            pass

        async def older(self, before, limit):
            self.asked += 1
            return [Event(number, number, True, "x" * 1000) for number in range(500, 600)], True

    settings.CHAT_LIMITS, settings.CHAT_RESUME_BYTES_PER_ADDRESS = True, parse("300000/hour")
    monkeypatch.setattr(reading, "rates", Rates())
    relay = Relay()
    for _ in range(3):
        await reading.read(rf.get("/api/messages?before=700"), relay)
    for _ in range(17):
        with pytest.raises(FrameError, match="rate_limited"):
            await reading.read(rf.get("/api/messages?before=700"), relay)
    assert relay.asked == 3
