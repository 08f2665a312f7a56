"""Whoever hides much is killed in the midst of it: nothing stays half done."""

import time

import pytest

from chat.log.acts import PART
from chat.tests.admin.test_acts import has_said
from chat.tests.support import eventually

HIDE = """
from django.contrib.auth.models import User
from chat.moderation import verbs
from chat.models import Member
mod, _ = User.objects.get_or_create(username="mod")
verbs.hide_all_by(Member.objects.get(name="Spammer"), mod)
"""
NAME = "kill -9 while thousands of messages are hidden"


def hidden(site) -> int:
    return site.sql("SELECT count(*) AS n FROM chat_message WHERE hidden_at IS NOT NULL")[0]["n"]


def is_being_done(site) -> bool:
    """Whether a process has taken it over from the verb."""
    return hidden(site) > PART


@pytest.fixture
def spam(length):
    return PART * length(short=12, full=40)


def check(site, reader, spam: int) -> None:
    """All is hidden, nothing twice, and who reads was told of each."""
    assert hidden(site) == spam
    assert site.sql("SELECT changed FROM chat_act") == [{"changed": spam}]
    assert site.sql("SELECT count(*) AS n FROM chat_pending") == [{"n": 0}]
    (last,) = site.sql("SELECT seq FROM chat_log")
    rows = site.messages()
    assert sorted(row["rev"] for row in rows if row["hidden_at"] is None) == [
        row["seq"] for row in rows if row["hidden_at"] is None
    ]
    assert last["seq"] == max(row["rev"] for row in rows) == len(rows) + spam
    reader.catches_up()
    assert reader.position == last["seq"]


@pytest.mark.stack("scaled")
def test_the_other_process_goes_on(make_site, join, fault, spam):
    site = make_site()
    has_said(site, join(site, "Spammer"), spam)
    bob = join(site, "Bob", process=1)
    first, second = site.processes
    second.pause()  # so that it is the first that takes it over
    site.manage("shell", "-c", HIDE)
    eventually(lambda: is_being_done(site))
    first.kill()
    second.resume()
    begun, before = time.monotonic(), hidden(site)
    assert before < spam
    eventually(lambda: hidden(site) > before)
    fault.record(NAME, "hiding pauses, then goes on", time.monotonic() - begun)
    bob.says("meanwhile")
    eventually(lambda: hidden(site) == spam, 60)
    check(site, bob, spam)


@pytest.mark.stack("embedded")
def test_the_same_process_goes_on_when_it_is_back(make_site, join, fault, spam):
    site = make_site()
    has_said(site, join(site, "Spammer"), spam)
    site.manage("shell", "-c", HIDE)
    ada = join(site, "Ada", cookie=site.cookie())
    eventually(lambda: is_being_done(site))
    site.processes[0].kill()
    before = hidden(site)
    assert before < spam
    begun = time.monotonic()
    site.start(0)
    ada.resumes()
    eventually(lambda: hidden(site) > before)
    fault.record(NAME, "hiding pauses, then goes on", time.monotonic() - begun)
    ada.says("meanwhile")
    eventually(lambda: hidden(site) == spam, 60)
    check(site, ada, spam)
