"""Processes of the site that die, or freeze, at the worst of moments."""

import signal
import time

import pytest

from chat.tests.faults import sabotage
from chat.tests.faults.sabotage import arm, sabotaged
from chat.tests.support import eventually

pytestmark = pytest.mark.stack("scaled")


def dead(site):
    """The process of `site` that was killed, if one was."""
    return next((one for one in site.processes if one.process.poll() == -signal.SIGKILL), None)


def frozen(site):
    """The process of `site` that is stopped, if one is."""
    return next((one for one in site.processes if one.is_frozen()), None)


def test_who_talks_to_a_process_that_is_killed_reconnects_and_misses_nothing(
    make_site, gather, fault
):
    site = make_site()
    crowd = gather(site)
    with fault("kill -9 of a process", "reconnects by itself", crowd) as clock:
        before = crowd.connections
        clock.starts()
        site.processes[0].kill()
        site.start(0)
    assert crowd.connections > before


@pytest.mark.parametrize(
    ("how", "name"),
    [
        (sabotage.dies_after_a_commit, "kill -9 between commit and `accepted`"),
        (sabotage.dies_before_it_publishes, "kill -9 between `accepted` and publish"),
    ],
)
def test_what_was_stored_by_a_process_that_died_at_once_is_there_once(
    make_site, gather, fault, how, name
):
    site = make_site(program=sabotaged(how))
    crowd = gather(site)
    with fault(name, "reconnects by itself", crowd) as clock:
        arm(site.env)
        died = eventually(lambda: dead(site))
        clock.starts()
        died.kill()
        died.start()


def test_a_process_that_freezes_with_the_lock_makes_the_others_wait_for_seconds_only(
    make_site, gather, fault
):
    site = make_site(program=sabotaged(sabotage.freezes_with_the_lock))
    crowd = gather(site)
    name = "SIGSTOP of a process that holds the log's lock"
    with fault(name, "posts wait or are told `busy`, and go out afterwards", crowd) as clock:
        arm(site.env)
        stuck = eventually(lambda: frozen(site))
        others = [c for c in crowd.locals if not c.lives_at(stuck.ws_url)]
        begun, before = time.monotonic(), {c: len(c.accepted) for c in others}
        eventually(lambda: all(len(c.accepted) > before[c] + 2 for c in others), 15)
        clock.meanwhile = time.monotonic() - begun
        stuck.resume()


def test_who_gives_up_while_a_process_is_frozen_in_a_transaction_leaves_it_able_to_take_posts(
    make_site, gather, fault
):
    site = make_site(program=sabotaged(sabotage.freezes_with_the_lock))
    crowd = gather(site)
    name = "a process freezes for 7 s with the log's lock; whose post that was gives up"
    with fault(name, "others' posts wait, then go out", crowd):
        crowd.falls_quiet()
        arm(site.env)
        giving_up = crowd.gives_up(0)
        stuck = eventually(lambda: frozen(site))
        time.sleep(7)  # PostgreSQL ends the transaction after 5 s
        stuck.resume()
        giving_up.result()
        crowd.talks()
