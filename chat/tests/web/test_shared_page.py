"""The page is made once for a change, is the same for all, and refused to who may not have it."""

import asyncio
import gzip
import threading

import pytest

from chat.tests.support import eventually
from chat.web.shared_page import A_SECOND, Page, SharedPage

pytestmark = pytest.mark.stack("embedded")  # the other stack has nothing to add


BAN = """
from django.contrib.auth.models import User
from chat.models import Member
from django.utils import timezone
from chat.moderation import verbs
now = timezone.now()
who = Member.objects.create(id="{}", name="X", held_until=now, last_seen_at=now)
verbs.ban(User.objects.create_superuser("mod"), member=who)
"""


class Printer:
    """Makes pages, and counts them."""

    def __init__(self):
        self.made, self.may_go = 0, threading.Event()
        self.may_go.set()

    def __call__(self) -> Page:
        self.made += 1
        assert self.may_go.wait(5)
        return Page(f'W/"{self.made}"', b"", b"")


@pytest.fixture
def clock():
    return [0.0]


@pytest.fixture
def page(clock):
    return SharedPage(lambda: clock[0])


async def test_many_who_ask_at_the_same_moment_share_one_rendering(page):
    printer = Printer()
    printer.may_go.clear()
    asking = [asyncio.create_task(page.get("one", printer)) for _ in range(100)]
    await asyncio.sleep(0)
    asking[0].cancel()  # who goes away takes it from nobody
    printer.may_go.set()
    got = await asyncio.gather(*asking[1:])
    assert printer.made == 1
    assert {one.etag for one in got} == {'W/"1"'}


async def test_it_is_made_anew_after_a_change_but_not_more_often_than_need_be(page, clock):
    printer = Printer()
    for number in range(1, A_SECOND + 1):
        clock[0] += 1 / 100
        assert (await page.get(number, printer)).etag == f'W/"{number}"'
        assert (await page.get(number, printer)).etag == f'W/"{number}"'
    assert (await page.get("later", printer)).etag == f'W/"{A_SECOND}"'
    clock[0] += 1
    assert (await page.get("later", printer)).etag == f'W/"{A_SECOND + 1}"'
    clock[0] += 1000
    assert (await page.get("later", printer)).etag == f'W/"{A_SECOND + 1}"'


async def test_one_that_could_not_be_made_is_tried_again_but_not_without_end(page, clock):
    tries = []

    def fails() -> Page:
        tries.append(1)
        raise OSError("no template")

    for _ in range(20):
        with pytest.raises(OSError, match="no template"):
            await page.get("one", fails)
    assert len(tries) == A_SECOND
    clock[0] += 1
    assert (await page.get("one", Printer())).etag == 'W/"1"'


async def test_who_asks_after_a_change_does_not_get_what_was_begun_before_it(page):
    printer = Printer()
    printer.may_go.clear()
    before = asyncio.create_task(page.get("before", printer))
    await asyncio.sleep(0)
    after = [asyncio.create_task(page.get("after", printer)) for _ in range(10)]
    await asyncio.sleep(0)
    printer.may_go.set()
    assert (await before).etag == 'W/"1"'
    assert {(await one).etag for one in after} == {'W/"2"'}
    assert printer.made == 2


def test_everybody_gets_the_same_bytes_and_who_comes_back_none(make_site, join):
    site = make_site()
    ada = join(site, "Ada")
    ada.says("hello")
    eventually(lambda: b"hello" in site.request("/").body)
    mine, yours = site.request("/", headers={"Cookie": site.cookie()}), site.request("/")
    assert mine.body == yours.body
    etag = mine.headers["etag"]
    again = site.request("/", headers={"If-None-Match": etag, "Cookie": site.cookie()})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == etag
    assert again.headers["set-cookie"].startswith("member=")
    policy = "content-security-policy"
    assert again.headers[policy] == mine.headers[policy]
    assert "require-trusted-types-for 'script'" in again.headers[policy]
    assert "content-length" not in again.headers
    assert again.headers["cache-control"] == mine.headers["cache-control"] == "private, no-cache"
    zipped = site.request("/", headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["etag"] == etag
    assert gzip.decompress(zipped.body) == mine.body
    ada.says("something new")
    eventually(lambda: site.request("/", headers={"If-None-Match": etag}).status == 200)


def test_who_is_banned_gets_no_page_not_even_the_word_that_theirs_is_still_good(make_site, connect):
    site = make_site()
    cookie = site.cookie()
    etag = site.request("/", headers={"Cookie": cookie}).headers["etag"]
    member = cookie.partition("=")[2].partition(":")[0]
    site.manage("shell", "-c", BAN.format(member))
    headers = {"Cookie": cookie, "If-None-Match": etag}
    eventually(lambda: site.request("/", headers=headers).status == 403)
    assert site.request("/", headers={"If-None-Match": etag}).status == 304
