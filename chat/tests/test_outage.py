"""What a channel layer loses is late, not lost. Two processes, a real Redis, really gone."""

import pytest

from chat.tests.support import eventually

pytestmark = pytest.mark.stack("scaled")


@pytest.fixture
def two(make_site):
    return make_site()


def test_without_redis_people_on_two_processes_still_hear_each_other(two, join):
    ada, bob = join(two, "Ada"), join(two, "Bob", process=1)
    two.redis.stop()
    ada.says("can you hear me")
    bob.hears("can you hear me", deadline=3)
    ada.hears("can you hear me")
    bob.says("yes")
    ada.hears("yes", deadline=3)
    eve = join(two, "Eve", process=1)
    assert [message["text"] for message in eve.history] == ["can you hear me", "yes"]
    two.redis.start()
    ada.says("and now")
    bob.hears("yes")
    bob.hears("and now")
    eve.hears("and now")
    bob.hears_nothing()


def test_a_redis_that_hangs_keeps_nobody_from_being_heard(two, join):
    ada, bob = join(two, "Ada"), join(two, "Bob", process=1)
    two.redis.pause()
    ada.says("hello")
    ada.hears("hello", deadline=3)
    bob.hears("hello", deadline=3)
    join(two, "Eve").says("I came meanwhile")
    bob.hears("I came meanwhile", deadline=3)
    two.redis.resume()
    bob.says("back to normal")
    ada.hears("back to normal")


def test_after_an_outage_hints_arrive_again(two, join):
    ada, bob = join(two, "Ada"), join(two, "Bob", process=1)
    two.redis.restart()
    ada.says("during the reconnect")
    bob.hears("during the reconnect", deadline=3)
    # Presence has no other way than the group.
    join(two, "Eve", process=1)

    def eve_is_known() -> bool:
        ada.catches_up()
        return any("Eve" in frame["joined"] for frame in ada.frames if frame["type"] == "presence")

    eventually(eve_is_known, deadline=30)


def test_when_redis_drops_its_subscribers_nothing_is_lost(two, join):
    ada, bob = join(two, "Ada"), join(two, "Bob", process=1)
    for number in range(5):
        two.redis.execute("CLIENT", "KILL", "TYPE", "pubsub")
        ada.says(f"{number}")
    for number in range(5):
        bob.hears(f"{number}", deadline=3)
    bob.hears_nothing()


def test_who_comes_while_the_database_hangs_is_told_so_and_may_read(two, join, connect):
    ada = join(two, "Ada")
    ada.says("before")
    two.postgres.pause()
    try:
        bob = connect(two)
        hello = bob.joins("Bob")
        assert bob.gets("error")["code"] == "busy"
        assert hello["you"] is None
        assert [message["text"] for message in bob.history] == ["before"]
        bob.posts("without a name", nonce="00000000")
        assert bob.is_rejected("00000000")["code"] == "name_required"
    finally:
        two.postgres.resume()
    bob.joins("Bob")
    bob.says("now")
    ada.hears("now")
