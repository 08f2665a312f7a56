"""The admin's pages, however slow and many, don't keep anybody from the room."""

import socket
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import psycopg
import pytest
from django.db import OperationalError

from chat.tests.admin.test_admin import Moderator
from chat.tests.support import eventually
from chatsite.turns import Turns

pytestmark = pytest.mark.stack("scaled")  # SQLite has no lock that reading waits for


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


def test_a_page_that_the_database_can_not_serve_is_an_apology(rf):
    sorry = Turns(None).process_exception(rf.get("/admin/"), OperationalError("gone"))
    assert (sorry.status_code, sorry["Retry-After"]) == (503, "3")
    assert b"</html>" in sorry.content
