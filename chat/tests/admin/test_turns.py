"""The admin's pages, however slow and many, don't keep anybody from the room."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import psycopg
import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db import OperationalError
from django.http import HttpResponse

from chat.tests.admin.test_admin import Moderator
from chat.tests.support import eventually, until
from chatsite.turns import Turns

scaled = pytest.mark.stack("scaled")  # SQLite has no lock that reading waits for
embedded = pytest.mark.stack("embedded")  # the other stack has nothing to add


@pytest.fixture(scope="module")
def cookie(site) -> str:
    """The Cookie header of somebody who has logged in to the admin."""
    jar = Moderator(site)._jar
    return "; ".join(f"{found.name}={found.value}" for found in jar)


@pytest.fixture
def slow(site):
    """As long as this is there, the admin's first page waits, until it is given up after 2 s."""
    with psycopg.connect(site.env["DATABASE_URL"]) as link:
        link.execute("LOCK TABLE django_admin_log IN ACCESS EXCLUSIVE MODE")
        yield link


def page(site, cookie: str) -> int:
    link = HTTPConnection("127.0.0.1", site.processes[0].port, timeout=60)
    link.request("GET", "/admin/", headers={"Cookie": cookie})
    answer = link.getresponse()
    answer.read()
    link.close()
    return answer.status


def waiting(site) -> int:
    return len(site.sql("SELECT 1 FROM pg_locks WHERE NOT granted"))


@scaled
def test_eight_slow_pages_at_once_keep_nobody_from_the_room(site, cookie, slow, join):
    ada = join(site, "Ada")
    with ThreadPoolExecutor(8) as pool:
        pages = [pool.submit(page, site, cookie) for _ in range(8)]
        eventually(lambda: waiting(site))
        for number in range(20):
            person = join(site, f"Person {number}")
            assert not [frame for frame in person.frames if frame["type"] == "error"]
            person.says(f"hello {number}")
            ada.hears(f"hello {number}")
        assert site.request("/readyz").status == 200
        assert not all(page.done() for page in pages)
        slow.rollback()
        assert {page.result() for page in pages} <= {200, 503}
    assert page(site, cookie) == 200
    assert "Traceback" not in site.processes[0].log.read_text()


@scaled
def test_who_reloads_a_slow_page_again_and_again_has_one_turn_at_a_time(site, cookie, slow, join):
    request = f"GET /admin/ HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode()
    most = 0
    for _ in range(10):
        with socket.create_connection(("127.0.0.1", site.processes[0].port)) as impatient:
            impatient.sendall(request)
            eventually(lambda: waiting(site))
        most = max(most, waiting(site))
    join(site, "Bob").says("I am here")
    assert most == 1
    slow.rollback()
    eventually(lambda: page(site, cookie) == 200)


@embedded
def test_a_page_that_the_database_can_not_serve_is_an_apology(rf):
    sorry = Turns(None).process_exception(rf.get("/admin/"), OperationalError("gone"))
    assert (sorry.status_code, sorry["Retry-After"]) == (503, "3")
    assert b"</html>" in sorry.content


# --- Staff first ---------------------------------------------------------------------------------
class Pages:
    """Pages of the admin that are made when the test says so; `made` has the cookies of those
    that are at work or done."""

    def __init__(self):
        self.made: list[str | None] = []
        self.may_go = asyncio.Semaphore(0)

    async def __call__(self, request):
        key = request.COOKIES.get("sessionid")
        self.made.append(key)
        await self.may_go.acquire()
        session = SessionBase(key)
        session._session_cache = {SESSION_KEY: "1"} if key == "of-staff" else {}
        request.session = session
        assert session.get("anything") is None
        return HttpResponse()


def asks(turns: Turns, rf, cookie: str | None) -> asyncio.Task:
    request = rf.get("/admin/", headers={"Cookie": f"sessionid={cookie}"} if cookie else {})
    return asyncio.create_task(turns(request))


@embedded
@pytest.mark.parametrize("cookie", [None, "forged"])
async def test_a_page_of_staff_waits_for_one_page_of_a_stranger_at_most(rf, cookie):
    pages = Pages()
    turns = Turns(pages)
    pages.may_go.release()
    await asks(turns, rf, "of-staff")
    strangers = [asks(turns, rf, cookie) for _ in range(200)]
    await until(lambda: len(pages.made) == 2)
    await asyncio.sleep(0)
    staff = asks(turns, rf, "of-staff")
    await asyncio.sleep(0)
    for _ in range(2):
        pages.may_go.release()
    assert (await asyncio.wait_for(staff, 5)).status_code == 200
    assert pages.made[:3] == ["of-staff", cookie, "of-staff"]
    for _ in strangers:
        pages.may_go.release()
    assert {answer.status_code for answer in await asyncio.gather(*strangers)} == {200}
    assert len(pages.made) == 202


@embedded
async def test_who_has_gone_keeps_the_turn_for_as_long_as_their_page_is_at_work(rf):
    pages = Pages()
    turns = Turns(pages)
    gone = asks(turns, rf, None)
    await until(lambda: len(pages.made) == 1)
    next_one = asks(turns, rf, "of-staff")
    for _ in range(2):
        gone.cancel()
        await asyncio.sleep(0)
    assert len(pages.made) == 1
    pages.may_go.release()
    pages.may_go.release()
    assert (await asyncio.wait_for(next_one, 5)).status_code == 200


@embedded
async def test_where_no_page_can_be_made_a_line_says_so_and_one_that_it_is_over(rf, caplog):
    caplog.set_level("INFO")
    pages = Pages()
    turns = Turns(pages)
    for _ in range(5):
        turns.process_exception(rf.get("/admin/"), OperationalError("gone"))
    for _ in range(2):
        pages.may_go.release()
        await asks(turns, rf, "of-staff")
    assert caplog.messages == [
        "pages of the admin can't be made: OperationalError: gone",
        "they can be made again",
    ]
