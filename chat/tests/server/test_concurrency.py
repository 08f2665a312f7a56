"""How many requests of an address are at work, by itself and at a real site."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatsite.apps import REQUESTS_AT_ONCE
from chatsite.server import concurrency
from chatsite.server.concurrency import Concurrency
from chatsite.server.terms import Goodbye, Terms

pytestmark = pytest.mark.stack("embedded")  # no database has a part in it
HERE, THERE = "192.0.2.1", "198.51.100.1"


class Address:
    """Requests of one, each by a connection of its own."""

    def __init__(self, line: Concurrency, address: str | None):
        self.line, self.address, self.begun = line, address, []

    def ask(self, *connections: object) -> None:
        for one in connections:
            self.line.begin(one, self.address, lambda one=one: self.begun.append(one))


@pytest.fixture
def line():
    goodbye = Goodbye("bye", 4000)
    return Concurrency(Terms(1, "x", goodbye, goodbye, *[None] * 4, requests_at_once=2))


async def its_turn() -> None:
    await asyncio.sleep(0)


async def test_two_are_at_work_and_the_others_begin_in_order_as_these_end(line):
    here, there = Address(line, HERE), Address(line, THERE)
    here.ask(*"abcd")
    there.ask("x")
    assert here.begun == ["a", "b"]
    assert there.begun == ["x"]
    for ended, begins in ("b", "c"), ("a", "d"):
        line.end(ended)
        line.end(ended)  # is no matter
        await its_turn()
        assert here.begun[-1] == begins


async def test_who_goes_while_it_waits_is_not_worked_for(line):
    here = Address(line, HERE)
    here.ask(*"abcd")
    line.end("c")
    line.end("a")
    await its_turn()
    assert here.begun == ["a", "b", "d"]


async def test_between_two_others_have_their_turn(line):
    here = Address(line, HERE)
    here.ask(*range(10))
    line.end(0)
    line.end(1)
    assert here.begun == [0, 1]
    await its_turn()
    assert here.begun == [0, 1, 2, 3]


async def test_what_takes_long_keeps_nobody_waiting(line, monkeypatch):
    monkeypatch.setattr(concurrency, "AT_MOST", 0.0)
    here = Address(line, HERE)
    here.ask(*range(10))
    async with asyncio.timeout(10):
        while len(here.begun) < 10:
            await its_turn()


async def test_addresses_take_turns_where_all_together_have_too_many(line):
    many = [Address(line, f"192.0.2.{number}") for number in range(10)]
    for number, one in enumerate(many):
        one.ask(*range(10 * number, 10 * number + 3))
    assert [len(one.begun) for one in many] == [2] * concurrency.ADDRESSES + [0] * 6
    for second in range(2):  # the first four have waited for longer, once
        for number in range(4):
            line.end(10 * number + second)
            await its_turn()
    assert [len(one.begun) for one in many[concurrency.ADDRESSES :]] == [1] * 4 + [0] * 2


async def test_where_no_address_is_known_nobody_waits(line):
    nobody = Address(line, None)
    nobody.ask(*range(10))
    assert len(nobody.begun) == 10


def test_an_ipv6_network_of_one_client_is_one_address(line):
    async def ask() -> list[str]:
        here = Address(line, "2001:db8::1")
        here.ask("a")
        Address(line, "2001:db8::2").ask("b")
        here.ask("c")
        return here.begun

    assert asyncio.run(ask()) == ["a"]


def test_a_page_is_there_at_once_while_many_at_its_address_wait_for_news(make_site, join):
    site = make_site(processes=1, CHAT_LIMITS="1")
    ada = join(site, "Ada")
    seq = ada.says("hello")
    many = 5 * REQUESTS_AT_ONCE
    with ThreadPoolExecutor(many) as browsers:
        news = [
            browsers.submit(site.request, f"/api/messages?after={seq}&wait=25") for _ in range(many)
        ]
        assert site.request("/").status == 200
        said = ada.says("news")
        answers = [one.result() for one in news]
    assert {answer.json()["to"] for answer in answers} == {said}


def test_all_who_ask_at_once_are_answered(make_site):
    site = make_site(processes=1, CHAT_LIMITS="1")
    with ThreadPoolExecutor(40) as browsers:
        answers = list(browsers.map(lambda number: site.request("/"), range(200)))
    assert [answer.status for answer in answers] == [200] * 200
