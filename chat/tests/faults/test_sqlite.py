"""One process and its file: it dies, the file is locked, or the disk is full."""

import resource
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from chat.tests.faults import sabotage
from chat.tests.faults.sabotage import arm, sabotaged
from chat.tests.support import eventually

pytestmark = pytest.mark.stack("embedded")


def test_the_only_process_is_killed_right_after_a_commit_and_everything_is_there_once(
    make_site, gather, fault
):
    site = make_site(program=sabotaged(sabotage.dies_after_a_commit))
    crowd = gather(site)
    with fault("kill -9 of the only process after a commit", "reconnects", crowd) as clock:
        arm(site.env)
        eventually(lambda: site.processes[0].process.poll() is not None)
        clock.starts()
        site.processes[0].kill()
        site.start(0)


def test_a_file_that_another_process_locks_makes_posts_wait(make_site, gather, fault, length):
    site = make_site()
    crowd = gather(site)
    seconds = length(short=3, full=10)
    with (
        fault(f"SQLite locked by another process for {seconds} s", "posts wait", crowd),
        closing(sqlite3.connect(Path(site.env["CHAT_DATA"]) / "chat.sqlite3")) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        crowd.hears_of_nothing(seconds)
        other.rollback()


@contextmanager
def full_disk(pid: int):
    """No file of that process can grow: the same as a full disk, to all who write."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
    yield
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def test_on_a_full_disk_nothing_is_said_to_be_stored_and_it_goes_on_when_there_is_room(
    make_site, gather, fault, length
):
    site = make_site()
    crowd = gather(site)
    sees = "posts wait or are told `busy`, and go out afterwards"
    with fault("disk full", sees, crowd), full_disk(site.processes[0].pid):
        crowd.hears_of_nothing(length(short=4, full=20))


def test_a_file_that_refuses_inserts_is_an_outage_a_line_long(make_site, gather, fault, length):
    site = make_site()
    crowd = gather(site)
    sees = "posts wait or are told `busy`, and go out afterwards"
    with fault("inserts are refused: a trigger refuses all", sees, crowd):
        site.sql(
            "CREATE TRIGGER refuse BEFORE INSERT ON chat_message"
            " BEGIN SELECT RAISE(ABORT, 'over quota'); END"
        )
        crowd.hears_of_nothing(length(short=2, full=10))
        assert site.request("/readyz").json()["posts"] == "failing"
        site.sql("DROP TRIGGER refuse")
        crowd.gets_on(1)
    assert site.request("/readyz").status == 200
    lines = site.processes[0].log.read_text().splitlines()
    assert ["over quota" in line for line in lines if "can't be written to" in line] == [True]
    assert not [line for line in lines if line.startswith((" ", "Traceback"))], lines


def test_a_channel_layer_that_drops_what_it_has_no_room_for_loses_nothing(
    make_site, gather, fault, length
):
    site = make_site(program=sabotaged(sabotage.has_a_tiny_channel_layer))
    crowd = gather(site)
    with fault("the in-memory layer at capacity", "nothing", crowd) as clock:
        clock.meanwhile = crowd.keeps_hearing(length(short=2, full=20), within=3)
