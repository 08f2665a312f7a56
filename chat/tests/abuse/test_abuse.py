"""Promise 4 on every layer: whatever one address does, or a hundred, nobody else notices."""

from dataclasses import dataclass

import pytest

from chat.tests.abuse.attack import Attack
from chat.tests.abuse.attacks import AT_REDIS, FAMILIES
from chat.tests.abuse.evening import Report, addresses, spend
from chat.tests.abuse.evening import attack as attack_alone

HUNDRED = 100  # addresses
NOISE = 4  # times as long as promised, where other tests run beside
PAGE_BYTES = 256 * 1024
PASSWORDS = 0.1  # seconds that a delivery may take beside any number of them
SLOW = 60  # seconds between two messages of one person
embedded, scaled = pytest.mark.stack("embedded"), pytest.mark.stack("scaled")


@dataclass(frozen=True)
class Promise:
    """What people elsewhere see at worst, in seconds; what a process takes, in kB."""

    delivery: float
    page: float
    memory: int
    arrival: float = 5.0


ONE = Promise(delivery=0.25, page=1.0, memory=400_000)
MANY = Promise(delivery=1.0, page=5.0, memory=512_000)


def holds(promise: Promise, report: Report, noise: float) -> None:
    assert not report.refused
    assert not report.forged, "somebody was shown what nobody has said"
    assert report.back, "descriptors are missing"
    assert report.memory <= promise.memory
    assert report.weight <= PAGE_BYTES
    assert report.delivery <= noise * promise.delivery
    assert report.page <= noise * promise.page
    assert report.arrival <= noise * promise.arrival


def is_stopped(report: Report, attack: Attack, noise: float) -> None:
    """What has no end by itself is given one, in time."""
    if attack.ends is not None and noise * attack.ends < report.seconds:
        stopped = report.loots[attack.name]["stopped"]
        assert stopped is not None, f"{attack.name}: nothing was refused"
        assert stopped <= noise * attack.ends, attack.name


@embedded
def test_what_one_address_does_nobody_else_notices(
    family, open_room, large, record, seconds, noise
):
    """In full. In short all of a family at once, each at an address of its own, are a crowd."""
    name, attacks = family
    site = open_room(*(large if any(attack.full for attack in attacks) else []))
    report = record(
        spend(site, {attack.name: addresses(attack) for attack in attacks}, seconds, name)
    )
    for attack in attacks:
        is_stopped(report, attack, noise)
    holds(ONE if len(attacks) == 1 else MANY, report, noise)


@embedded
def test_what_a_hundred_addresses_do_leaves_the_room_a_room(
    crowd, open_room, large, record, seconds, noise
):
    name, attacks = crowd
    site = open_room(*(large if any(attack.full for attack in attacks) else []))
    each = HUNDRED // len(attacks)
    plan = {attack.name: addresses(attack, each) for attack in attacks}
    holds(MANY, record(spend(site, plan, seconds, name)), noise)


@embedded
def test_wrong_passwords_cost_the_room_nothing(open_room, record, seconds, noise):
    (attack,) = (attack for attack in FAMILIES["requests"] if attack.name == "wrong passwords")
    report = record(spend(open_room(), {attack.name: addresses(attack)}, seconds))
    is_stopped(report, attack, noise)
    assert report.delivery <= noise * PASSWORDS


@embedded
def test_in_slow_mode_an_address_of_newcomers_says_no_more_than_ten_people_would(
    open_room, join, seconds
):
    site = open_room(
        f"UPDATE chat_room SET mode = 'slow', slow_seconds = {SLOW}",
        "UPDATE chat_log SET version = version + 1",
    )
    (many,) = (attack for attack in FAMILIES["posts"] if attack.name == "100 members post")
    loots = attack_alone(site, {many.name: addresses(many)}, seconds)
    assert 1 <= loots[many.name]["accepted"] <= 10 * (1 + seconds / SLOW)
    join(site, "Ada", cookie=site.cookie()).says("from elsewhere")


@scaled
@pytest.mark.parametrize("attack", AT_REDIS, ids=lambda attack: attack.name)
def test_who_reaches_redis_can_say_nothing_and_stop_nothing(
    attack, open_room, record, seconds, noise
):
    site = open_room()
    (before,) = site.sql("SELECT epoch FROM chat_log")
    holds(ONE, record(spend(site, {attack.name: addresses(attack)}, seconds)), noise)
    assert site.sql("SELECT epoch FROM chat_log") == [before]
