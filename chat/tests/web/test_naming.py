"""Names that one address takes: so many new ones, on sockets and over HTTP together."""

import asyncio

import pytest
from limits import parse

from chat.members.claims import Claim, Claimed
from chat.policy.names import NameLimiter
from chat.protocol.errors import FrameError
from chat.tests.support import until
from chat.web import naming
from chat.web.access import Client
from chat.web.naming import take_name

pytestmark = pytest.mark.stack("embedded")  # the other stack has nothing to add


class SlowRelay:
    """Grants whatever may be new once `answers` is set, or raises `error`."""

    def __init__(self):
        self.answers, self.asked, self.error = asyncio.Event(), [], None
        self.people = self

    async def claim(self, claim: Claim) -> Claimed:
        self.asked.append(claim)
        await self.answers.wait()
        if self.error:
            raise self.error
        new = claim.may_be_new
        return Claimed(claim.name if new else None, renamed=new, limited=not new)


def posts(site, cookie, name):
    fields = {"nonce": f"a-nonce-of-{name}", "text": "hello", "name": name}
    return site.request("/api/messages", fields, headers={"Cookie": cookie})


def test_the_address_gets_so_many_new_names_and_each_keeps_its_own(make_site, join, connect):
    site = make_site(CHAT_LIMITS="1", CHAT_NAME_RATE="3/day")
    cookies = [site.cookie() for _ in range(3)]
    ada = join(site, "Ada", cookie=cookies[0])
    assert posts(site, cookies[1], "Bob").status == 201
    join(site, "Guest")
    answer = posts(site, cookies[2], "Carl")
    assert (answer.status, answer.json()["code"]) == (429, "rate_limited")
    assert int(answer.headers["retry-after"]) > 60
    ada.sends({"type": "join", "name": "Countess"})
    assert ada.gets("error", code="rate_limited")["retry_after"] > 60
    assert ada.gets("hello")["you"]["name"] == "Ada", "she keeps the one she has"
    ada.drops()
    assert join(site, "Ada", cookie=cookies[0]).name == "Ada"
    assert posts(site, cookies[1], "Bob").status == 200
    reader = connect(site)
    assert reader.joins("Dora")["you"] is None
    assert reader.gets("error", code="rate_limited")


def test_a_name_that_is_taken_costs_nothing(make_site, join, connect):
    site = make_site(CHAT_LIMITS="1", CHAT_NAME_RATE="2/day")
    join(site, "Ada")
    person = connect(site)
    for _ in range(5):
        person.joins("Ada")
        person.gets("error", code="name_taken")
    assert person.joins("Bob")["you"]["name"] == "Bob"


async def test_who_asks_at_the_same_moment_gets_no_more_than_who_asks_one_after_the_other(
    monkeypatch, settings
):
    settings.CHAT_LIMITS, settings.CHAT_NAME_RATE = True, parse("3/day")
    monkeypatch.setattr(naming, "name_limiter", NameLimiter())
    relay = SlowRelay()
    asking = [
        asyncio.create_task(take_name(relay, Client("192.0.2.1", None), f"Name {number}"))
        for number in range(20)
    ]
    await until(lambda: len(relay.asked) == 20)
    relay.answers.set()
    given = await asyncio.gather(*asking, return_exceptions=True)
    assert [isinstance(one, Claimed) for one in given].count(True) == 3


async def test_a_name_that_can_not_be_given_costs_nothing(monkeypatch, settings):
    settings.CHAT_LIMITS, settings.CHAT_NAME_RATE = True, parse("1/day")
    monkeypatch.setattr(naming, "name_limiter", NameLimiter())
    relay = SlowRelay()
    relay.answers.set()
    relay.error = FrameError("busy", retry_after=1)
    for _ in range(3):
        with pytest.raises(FrameError):
            await take_name(relay, Client("192.0.2.1", None), "Ada")
    relay.error = None
    assert (await take_name(relay, Client("192.0.2.1", None), "Ada")).renamed
