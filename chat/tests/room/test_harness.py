"""The tests' own tools: where one of these breaks, other tests pass for nothing."""

import os
import socket

import pytest

from chat.tests.support.site import Site


def test_a_site_is_gone_when_it_is_closed(pytestconfig):
    site = Site(pytestconfig.stack, {})
    pids, ports = [p.pid for p in site.processes], [p.port for p in site.processes]
    site.close()
    for pid, port in zip(pids, ports, strict=True):
        with pytest.raises(ProcessLookupError):
            os.killpg(pid, 0)
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            pass


def test_two_sites_are_two_rooms(make_site, join):
    ada, bob = join(make_site(), "Ada"), join(make_site(), "Bob")
    ada.says("anyone here?")
    bob.hears_nothing()


def test_a_killed_process_comes_back_with_what_was_said(make_site, join):
    site = make_site()
    ada = join(site, "Ada", cookie=site.cookie())
    ada.says("before")
    site.processes[0].kill()
    assert ada.is_closed() == 1006
    site.start(0)
    assert ada.resumes()["resumed"]
    ada.says("after")
    assert [row["text"] for row in site.messages()] == ["before", "after"]


def test_a_paused_process_answers_late_not_never(make_site, join):
    site = make_site()
    ada = join(site, "Ada")
    site.processes[0].pause()
    nonce = ada.posts("hello?")
    with pytest.raises(AssertionError, match="waited for accepted"):
        ada.gets("accepted", deadline=0.5)
    site.processes[0].resume()
    assert ada.is_accepted(nonce) == 1


def test_hearing_nothing_fails_when_something_was_said(site, join):
    ada, bob = join(site, "Ada"), join(site, "Bob", process=len(site.processes) - 1)
    bob.hears_nothing()
    ada.says("hello")
    with pytest.raises(AssertionError, match="hello"):
        bob.hears_nothing()
    bob.hears("hello")
    bob.hears_nothing()


def test_a_person_notices_a_gap(site, join):
    ada = join(site, "Eve")
    ada.position -= 1
    ada.posts("hello")
    with pytest.raises(AssertionError, match="a gap"):
        ada.hears("hello")


def test_a_page_reports_what_its_console_complains_about(site, open_page):
    page = open_page()
    with page.expect_console_message():
        page.evaluate("console.error('something is wrong')")
    with page.expect_event("pageerror"):
        page.evaluate("setTimeout(() => { throw Error('something broke') })")
    assert page.problems == ["error: something is wrong", "something broke"]
    page.problems.clear()
