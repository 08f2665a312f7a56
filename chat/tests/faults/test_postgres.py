"""PostgreSQL goes away, freezes, or throws its clients out, while people talk."""

import time

import pytest

from chat.tests.faults import sabotage
from chat.tests.faults.sabotage import arm, sabotaged
from chat.tests.support import eventually
from chat.tests.support.site import Scaled

pytestmark = pytest.mark.stack("scaled")
OURS = "datname = current_database() AND pid <> pg_backend_pid()"


@pytest.fixture(scope="module")
def stack(pytestconfig):
    """One of our own, to break."""
    stack = Scaled(pytestconfig.stack.folder / "to-break")
    stack.start()
    yield stack
    stack.stop()


def test_a_postgresql_that_restarts_in_mid_commit_loses_and_doubles_nothing(
    site, gather, fault, length
):
    crowd = gather(site)
    with fault("PostgreSQL restarts in mid-commit", "posts wait, then go out", crowd):
        for _ in range(length(short=1, full=5)):
            site.postgres.restart()
            crowd.gets_on(1)


def test_a_postgresql_that_is_killed_in_mid_commit_loses_and_doubles_nothing(
    site, gather, fault, length
):
    crowd = gather(site)
    with fault("PostgreSQL killed (-9) and started", "posts wait, then go out", crowd) as clock:
        clock.starts()
        site.postgres.kill()
        site.postgres.start()


def test_a_commit_whose_answer_is_lost_is_done_once(make_site, gather, fault, length):
    site = make_site(program=sabotaged(sabotage.loses_the_answer_to_a_commit))
    crowd = gather(site)
    with fault("a commit succeeds and its answer is lost", "hardly anything", crowd):
        for _ in range(length(short=5, full=50)):
            armed = arm(site.env)
            eventually(lambda armed=armed: not armed.exists())


def test_connections_that_postgresql_ends_again_and_again_lose_nothing(site, gather, fault, length):
    crowd = gather(site)
    with fault("PostgreSQL's connections killed, again and again", "hardly anything", crowd):
        end = time.monotonic() + length(short=2, full=10)
        while time.monotonic() < end:
            ended = site.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OURS}")
            assert ended
            crowd.gets_on(1)


def test_while_postgresql_is_frozen_posts_wait_and_none_is_said_to_be_stored(
    site, gather, fault, length
):
    crowd = gather(site)
    sees = "posts wait or are told `busy`, and go out afterwards"
    with fault(f"PostgreSQL frozen for {length(short=4, full=20)} s", sees, crowd):
        site.postgres.pause()
        crowd.hears_of_nothing(length(short=4, full=20))
        site.postgres.resume()
