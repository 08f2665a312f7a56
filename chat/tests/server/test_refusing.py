"""Refusals are said at a pace."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chat.tests.support import until
from chatsite.server import refusing
from chatsite.server.refusing import Refusing

pytestmark = pytest.mark.stack("embedded")  # no database has a part in it
HERE, THERE = "127.0.7.1", "127.0.7.2"


async def test_those_of_one_address_are_said_in_order_and_nobody_elsewhere_waits(monkeypatch):
    monkeypatch.setattr(refusing, "PER_SECOND", 0.001)
    slow, said = Refusing(), []
    for address, words in (HERE, "first"), (HERE, "second"), (THERE, "elsewhere"):
        slow.say(address, lambda words=words: said.append(words))
    await until(lambda: len(said) == 2)
    assert said == ["first", "elsewhere"]


async def test_all_are_said_and_then_it_begins_anew(monkeypatch):
    monkeypatch.setattr(refusing, "PER_SECOND", 1000)
    slow, said = Refusing(), []
    for number in range(30):
        slow.say(HERE, lambda number=number: said.append(number))
    await until(lambda: len(said) == 30)
    assert said == list(range(30))
    monkeypatch.setattr(refusing, "PER_SECOND", 0.001)
    slow.say(HERE, lambda: said.append("at once"))
    await until(lambda: said[-1] == "at once")


def test_everybody_who_is_too_fast_hears_it_and_who_has_gone_is_no_matter(make_site):
    site = make_site(processes=1, CHAT_LIMITS="1", CHAT_REQUEST_RATE="1/hour")
    site.request("/", address=HERE)
    with ThreadPoolExecutor(20) as browsers:
        answers = list(browsers.map(lambda number: site.request("/", address=HERE), range(40)))
    assert {answer.status for answer in answers} == {429}
    assert site.request("/", address=THERE).status == 200
