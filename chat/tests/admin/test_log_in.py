"""Whoever guesses passwords costs the room nothing, and locks nobody out."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.http import HttpResponse

from chat.admin import log_in

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def guarded(make_site):
    with_limits = make_site(CHAT_LIMITS="1")
    with_limits.manage(
        "shell",
        "-c",
        "from django.contrib.auth.models import User; "
        "User.objects.create_superuser('owner', '', 'secret-enough')",
    )
    return with_limits


class Guesser:
    """A browser at the admin's door."""

    def __init__(self, site, address: str):
        self._open = lambda: HTTPConnection("127.0.0.1", site.processes[0].port, 60, (address, 0))
        link = self._open()
        link.request("GET", "/admin/login/")
        page = link.getresponse()
        self._token = re.search(b'csrfmiddlewaretoken" value="([^"]+)', page.read())[1].decode()
        self._cookie = page.headers["Set-Cookie"].partition(";")[0]
        link.close()

    def tries(self, password: str) -> HTTPResponse:
        """The answer; it has been read."""
        fields = {"username": "owner", "password": password, "csrfmiddlewaretoken": self._token}
        link = self._open()
        link.request("POST", "/admin/login/", urlencode(fields), FORM | {"Cookie": self._cookie})
        answer = link.getresponse()
        answer.read()
        link.close()
        return answer


def test_a_hundred_and_fifty_guesses_at_once_are_refused_and_the_owner_gets_in(guarded):
    def threads() -> int:
        return len(list(Path(f"/proc/{guarded.processes[0].process.pid}/task").iterdir()))

    guesser, owner = Guesser(guarded, "127.0.5.1"), Guesser(guarded, "127.0.5.2")
    before = threads()
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: guesser.tries("secret-enough"), range(150)))
        most = threads()
    statuses = [answer.status for answer in answers]
    assert statuses.count(429) >= 130  # more come back the longer it takes
    assert set(statuses) <= {302, 429, 503}
    assert all(int(one.headers["Retry-After"]) > 0 for one in answers if one.status == 429)
    assert most - before < 20
    assert owner.tries("secret-enough").status == 302


async def test_a_try_that_finds_no_turn_in_time_is_told_to_come_back(rf, monkeypatch, settings):
    settings.CHAT_LIMITS = False
    monkeypatch.setattr(log_in, "PATIENCE", 0.05)
    at_work, may_go = asyncio.Semaphore(0), asyncio.Event()

    async def slow(request):
        at_work.release()
        await may_go.wait()
        return HttpResponse()

    throttle = log_in.LogInThrottle(slow)
    first = [asyncio.create_task(throttle(rf.post("/admin/login/"))) for _ in range(2)]
    for _ in first:
        await asyncio.wait_for(at_work.acquire(), 5)
    late = await throttle(rf.post("/admin/login/"))
    assert (late.status_code, late["Retry-After"]) == (503, "3")
    may_go.set()
    assert [(await task).status_code for task in first] == [200, 200]
    assert (await throttle(rf.post("/admin/login/"))).status_code == 200


async def test_pages_and_other_forms_pass(rf):
    async def page(request):
        return HttpResponse()

    throttle = log_in.LogInThrottle(page)
    for _ in range(20):
        assert (await throttle(rf.get("/admin/login/"))).status_code == 200
        assert (await throttle(rf.post("/admin/chat/room/1/change/"))).status_code == 200


@pytest.mark.stack("embedded")  # the other stack has nothing to add
def test_under_a_prefix_all_is_as_it_is_without(make_site):
    site = make_site(CHAT_LIMITS="1", options=("--root-path", "/room"))
    form = b"username=owner&password=guess"
    assert site.request("/room/admin/login/").status == 200
    for path in ("/room/admin/login/", "/admin/login/"):
        address = "127.0.5.3" if path.startswith("/room") else "127.0.5.4"
        guesses = [site.request(path, form, headers=FORM, address=address).status for _ in range(7)]
        assert guesses == [403] * 5 + [429] * 2, "403: without the form's token"
