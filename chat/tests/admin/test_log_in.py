"""Whoever guesses passwords costs the room nothing, and locks nobody out."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

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


def tries(site, password: str, address: str, name: str = "owner"):
    """The answer to one try, with the token that its page gave."""
    link = HTTPConnection("127.0.0.1", site.processes[0].port, 60, (address, 0))
    link.request("GET", "/admin/login/")
    page = link.getresponse()
    token = re.search(b'csrfmiddlewaretoken" value="([^"]+)', page.read())[1].decode()
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    body = f"username={name}&password={password}&csrfmiddlewaretoken={token}&next=/admin/"
    link.request("POST", "/admin/login/", body, FORM | {"Cookie": cookie})
    answer = link.getresponse()
    answer.read()
    link.close()
    return answer


def bare_try(site, address: str) -> int:
    """The status of a try by who looks at no page."""
    link = HTTPConnection("127.0.0.1", site.processes[0].port, 60, (address, 0))
    link.request("POST", "/admin/login/", "username=owner&password=x", FORM)
    status = link.getresponse().status
    link.close()
    return status


def test_a_hundred_and_fifty_guesses_at_once_are_refused_and_the_owner_gets_in(guarded):
    def threads() -> int:
        return len(list(Path(f"/proc/{guarded.processes[0].process.pid}/task").iterdir()))

    before = threads()
    with ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(lambda _: bare_try(guarded, "127.0.5.1"), range(150)))
        most = threads()
    assert statuses.count(429) >= 140
    assert most - before < 12
    refused = tries(guarded, "secret-enough", "127.0.5.1")
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert tries(guarded, "secret-enough", "127.0.5.2").status == 302


async def test_a_try_that_finds_no_turn_in_time_is_told_to_come_back(rf, monkeypatch, settings):
    settings.CHAT_LIMITS = False
    monkeypatch.setattr(log_in, "PATIENCE", 0.05)
    entered, may_go = [], asyncio.Event()

    async def slow(request):
        entered.append(request)
        await may_go.wait()
        return HttpResponse()

    throttle = log_in.LogInThrottle(slow)
    first = [asyncio.create_task(throttle(rf.post("/admin/login/"))) for _ in range(2)]
    late = await throttle(rf.post("/admin/login/"))
    assert (late.status_code, late["Retry-After"]) == (503, "3")
    assert len(entered) == log_in.AT_ONCE
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
