"""Names that one address takes: so many new ones, on sockets and over HTTP together."""

import pytest

pytestmark = pytest.mark.stack("embedded")  # the other stack has nothing to add


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
