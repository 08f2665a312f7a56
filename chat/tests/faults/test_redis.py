"""The channel layer is a hint: without Redis everything arrives, only somewhat later."""

import time

import pytest

from chat.tests.faults import sabotage
from chat.tests.faults.sabotage import sabotaged

pytestmark = pytest.mark.stack("scaled")
LATE = 3.0  # seconds that a message may take without Redis


def test_without_redis_people_on_both_processes_hear_each_other_within_3_seconds(
    site, gather, fault, length
):
    crowd = gather(site)
    sees = "others' messages come up to 2 s late"
    with fault(f"Redis down for {length(short=4, full=20)} s", sees, crowd) as clock:
        site.redis.stop()
        clock.meanwhile = crowd.keeps_hearing(length(short=4, full=20), within=LATE)
        site.redis.start()


def test_a_redis_that_restarts_is_hardly_noticed(site, gather, fault, length):
    crowd = gather(site)
    with fault("Redis restarts", "a message or two up to 2 s late", crowd):
        for _ in range(length(short=1, full=5)):
            site.redis.restart()
            crowd.hears_each_process(within=LATE)


def test_a_redis_that_freezes_holds_nobody_up(site, gather, fault, length):
    crowd = gather(site)
    with fault("Redis frozen", "others' messages come up to 2 s late", crowd) as clock:
        site.redis.pause()
        clock.meanwhile = crowd.keeps_hearing(length(short=4, full=20), within=LATE)
        site.redis.resume()


def test_a_redis_that_cuts_its_subscribers_again_and_again_loses_nothing(
    site, gather, fault, length
):
    crowd = gather(site)
    with fault("`CLIENT KILL TYPE pubsub`, again and again", "some up to 2 s late", crowd) as clock:
        end, clock.meanwhile = time.monotonic() + length(short=2, full=10), 0.0
        while time.monotonic() < end:
            site.redis.execute("CLIENT", "KILL", "TYPE", "pubsub")
            clock.meanwhile = max(clock.meanwhile, crowd.hears_each_process(within=LATE))


def test_batches_that_come_backwards_or_twice_or_never_are_shown_in_order_and_once(
    make_site, gather, fault, length
):
    site = make_site(program=sabotaged(sabotage.shuffles_batches))
    crowd = gather(site)
    name = "batches published backwards, doubled and dropped"
    with fault(name, "some messages come up to 2 s late", crowd) as clock:
        clock.meanwhile = crowd.keeps_hearing(length(short=3, full=20), within=LATE)
