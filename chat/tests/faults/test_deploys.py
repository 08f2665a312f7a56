"""A deploy: every process is told to stop, and another one takes its place."""

import signal
import time

import pytest
from playwright.sync_api import expect

from chat.tests.faults.network import Network
from chat.tests.page.test_page import is_connected, joins, says
from chat.tests.support.servers import Daphne
from chat.tests.support.site import change_build, copy_build, release

pytestmark = pytest.mark.stack("scaled")
LAST_RELEASE = "01eec92"
GRACE = 10  # seconds until a host kills what it has told to stop


def test_a_deploy_is_a_reconnect_and_every_process_says_bye_and_is_gone_in_ten_seconds(
    make_site, gather, fault, length
):
    site = make_site(processes=length(short=2, full=4))
    crowd = gather(site)
    with fault("SIGTERM of each process in turn (a deploy)", "reconnects", crowd):
        for server in site.processes:
            begun = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(GRACE)
            print(f"gone in {time.monotonic() - begun:.1f} s")
            server.kill()
            server.start()
            crowd.gets_on(1)
    assert {bye["code"] for bye in crowd.byes} == {"restart"}
    assert len(crowd.byes) >= len(crowd.everybody), "somebody was cut without a word"
    pauses = [bye["retry_after"] for bye in crowd.byes]
    assert len(set(pauses)) > 1, "everybody would come back in the same moment"


@pytest.fixture
def deploy(make_site, tmp_path):
    """Factory: an old and a new process, with other modules, behind one router that takes turns."""
    made: list[Network | Daphne] = []

    def deploy(*, same_disk: bool) -> tuple[Network, Daphne, Daphne]:
        folder = copy_build(tmp_path / "old")
        change_build(folder, "the old build")
        site = make_site(processes=1, cwd=folder)
        if not same_disk:
            folder = copy_build(tmp_path / "new")
        change_build(folder, "the new build")
        old = site.processes[0]
        new = Daphne(old.folder, site.env, name="daphne-new", cwd=folder)
        made.append(new)
        new.start()
        made.append(Network(old.url, new.url))
        return made[-1], old, new

    yield deploy
    for thing in made:
        thing.close() if isinstance(thing, Network) else thing.stop()


@pytest.fixture
def two_releases(make_site, tmp_path):
    """A site of two processes: the first runs the last release, the other one today's code."""
    site = make_site(processes=1, cwd=release(LAST_RELEASE, tmp_path / "old"))
    old = site.processes[0]
    new = Daphne(old.folder, site.env, name="daphne-new")
    new.start()
    site.processes.append(new)
    return site


def test_people_on_the_last_release_and_on_todays_are_in_one_room(two_releases, join):
    """Neither takes the other's hints for what they are not: what they can't tell each other they
    find in the database."""
    ada, bob = join(two_releases, "Ada"), join(two_releases, "Bob", process=1)
    one = ada.says("from the last release")
    bob.hears("from the last release")
    two = bob.says("from today's", reply_to=one)
    ada.hears("from today's")
    bob.edits(two, "from today's, edited")
    ada.hears("from today's, edited")
    assert ada.sees(bob.reacts(one, "🎉"))["text"] == "from the last release"
    bob.sends({"type": "typing"})
    three = bob.says("a mistake")
    assert ada.sees(bob.removes(three))["removed"]
    ada.says("and on it goes")
    bob.hears("and on it goes")
    for person in (ada, bob):
        person.catches_up()
    known = ("seq", "rev", "by", "name", "text", "removed")
    shown = [
        {message["seq"]: [message.get(name) for name in known] for message in person.heard}
        for person in (ada, bob)
    ]
    assert shown[0] == shown[1]
    ada.resumes(process=1)
    ada.catches_up()
    assert ada.position == bob.position


def test_pages_opened_during_a_deploy_onto_the_same_disk_know_nothing_of_it(
    deploy, open_page, length
):
    router, *_ = deploy(same_disk=True)
    for _ in range(length(short=4, full=20)):
        page = open_page(site_url=router.url)
        page.evaluate("window.loadedOnce = true")
        is_connected(page)
        assert page.evaluate("window.loadedOnce")


def test_no_page_that_was_opened_while_a_deploy_lasts_is_dead_at_the_end(
    deploy, open_page, length, fault, shot
):
    router, old, new = deploy(same_disk=False)
    pages = []
    for _ in range(length(short=4, full=24)):
        pages.append(open_page(site_url=router.url))
        time.sleep(length(short=0.2, full=2))
    router.leads_to(new.url)
    ended = time.monotonic()
    old.process.send_signal(signal.SIGTERM)
    for page in pages:
        expect(page.get_by_role("status").get_by_text("Connected", exact=True)).to_be_visible(
            timeout=240_000
        )
        expect(page.locator("#stuck")).to_be_hidden()
    fault.record(
        "a deploy with changed files, behind a router that takes turns",
        "“This page could not start. It tries again by itself.”; then the room",
        time.monotonic() - ended,
    )
    joins(pages[-1], "Ada")
    says(pages[-1], "we are all here")
    for page in pages:
        expect(page.get_by_role("log").get_by_text("we are all here")).to_be_visible()
        page.problems.clear()  # Chromium tells of each file that was not there
