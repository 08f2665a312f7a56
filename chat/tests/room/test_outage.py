"""Outages in a quiet room; faults/ has them under load. Real servers, really gone."""

import pytest
import redis

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


def test_a_redis_that_has_as_many_clients_as_it_allows_is_one_outage(two, join):
    """One of a process's two connections lives on, the other is refused, again and again."""
    ada, bob = join(two, "Ada"), join(two, "Bob", process=1)
    for person in ada, bob:  # each process has published, so it has both connections
        person.says("before")
    with redis.Redis.from_url(two.redis.url) as owner:
        owner.config_set("maxclients", 3)  # both that listen, and this one
        owner.client_kill_filter(_type="normal", skipme=True)
        for number in range(12):
            ada.says(f"one {number}")
            bob.says(f"two {number}")
            ada.hears(f"two {number}")
        owner.config_set("maxclients", 100)
    bob.says("after")
    ada.hears("after")
    for process in two.processes:
        lines = process.log.read_text().splitlines()
        lost = [line for line in lines if "can't be reached" in line]
        assert len(lost) == 1, lines
        assert "ConnectionError: " in lost[0]
        assert not [line for line in lines if "is back" in line], lines
