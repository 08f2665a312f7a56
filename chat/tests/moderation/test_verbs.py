"""The verbs that keep the room in order, on a real database."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone

from chat.log import append, head, read
from chat.log.entries import Draft
from chat.members import claims
from chat.members.claims import Claim
from chat.models import Ban, Member, Message, Room
from chat.moderation import verbs

pytestmark = pytest.mark.django_db


@pytest.fixture
def mod():
    return User.objects.create_user("mod")


@pytest.fixture
def spam():
    claims.claim([Claim("spammer", "Spammer", "192.0.2.66")])
    append.store([Draft("spammer", "Spammer", f"nonce-{number:04}", "buy") for number in range(3)])
    append.store([Draft("ada", "Ada", "nonce-0001", "a kind word")])
    return Message.objects.filter(author="spammer")


def notes() -> list[str]:
    return list(LogEntry.objects.order_by("id").values_list("change_message", flat=True))


def test_hiding_is_one_change_each_with_who_and_why(mod, spam):
    assert verbs.hide(spam, mod, "advertising").changed == 3
    assert set(spam.values_list("hidden_by", flat=True)) == {"mod"}
    assert [event.seq for event in read.latest(9)] == [4]
    assert notes() == ["Hidden. Reason: advertising"] * 3
    assert LogEntry.objects.first().user == mod
    assert verbs.hide(spam, mod).changed == 0
    assert len(notes()) == 3


def test_restoring_shows_them_again(mod, spam):
    verbs.hide(spam, mod)
    assert verbs.restore(spam, mod, "a mistake").changed == 3
    assert [event.seq for event in read.latest(9)] == [1, 2, 3, 4]
    assert notes()[-1] == "Restored. Reason: a mistake"


def test_everything_by_one_person_is_hidden_and_nothing_else(mod, spam):
    assert verbs.hide_all_by(Member.objects.get(id="spammer"), mod).changed == 3
    assert [event.seq for event in read.latest(9)] == [4]


def test_a_ban_is_noted_with_the_member_and_makes_all_processes_look(mod, spam):
    version = head.read_head().version
    spammer = Member.objects.get(id="spammer")
    made = verbs.ban(mod, member=spammer, network="192.0.2.66", reason="advertising")
    assert (made.by, str(made)) == ("mod", "Spammer and 192.0.2.66")
    assert head.read_head().version == version + 1
    assert notes() == ["Banned Spammer and 192.0.2.66. Reason: advertising"] * 2


def test_unbanning_ends_a_ban_and_keeps_it_in_the_list(mod, spam):
    ban = verbs.ban(mod, network="192.0.2.0/24")
    version = head.read_head().version
    assert verbs.unban(Ban.objects.all(), mod) == 1
    ban.refresh_from_db()
    assert ban.expires_at <= timezone.now()
    assert head.read_head().version == version + 1
    assert verbs.unban(Ban.objects.all(), mod) == 0
    assert notes()[-1] == "Unbanned."


@pytest.mark.parametrize(
    ("typed", "banned"),
    [
        ("192.0.2.66", "192.0.2.66"),
        ("2001:db8:1:2::5", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::5/128", "2001:db8:1:2::5/128"),
        ("::ffff:192.0.2.66", "192.0.2.66"),
        ("2001:db8::/32", "2001:db8::/32"),
    ],
)
def test_a_ban_of_an_address_is_of_all_that_are_the_same_and_the_list_says_so(mod, typed, banned):
    assert verbs.ban(mod, network=typed).network == banned
    assert verbs.ban(mod, network=banned).network == banned


def test_bans_of_one_ipv6_address_that_were_made_before_are_of_its_64_bits(mod):
    before = ["2001:db8:1:2::5", "2001:db8::5/128", "2001:db8::/32", "192.0.2.1"]
    Ban.objects.bulk_create(Ban(network=network) for network in before)
    import_module("chat.migrations.0004_bans_of_addresses").widen(apps, None)
    now = [ban.network for ban in Ban.objects.order_by("id")]
    assert now == ["2001:db8:1:2::/64", *before[1:]]


def test_many_bans_are_ended_a_part_at_a_time(mod, django_assert_max_num_queries):
    Ban.objects.bulk_create(Ban(network=f"10.0.{n >> 8}.{n & 255}") for n in range(1200))
    version = head.read_head().version
    with django_assert_max_num_queries(60):
        assert verbs.unban(Ban.objects.select_related("member"), mod) == 1200
    assert head.read_head().version == version + 3  # transactions
    assert not Ban.in_force().exists()
    assert mod.logentry_set.count() == 1200


def test_bans_that_have_ended_are_not_loaded(mod):
    now = timezone.now()
    verbs.ban(mod, network="192.0.2.1", expires_at=now - timedelta(seconds=1))
    lasting = verbs.ban(mod, network="192.0.2.2")
    ending = verbs.ban(mod, network="192.0.2.3", expires_at=now + timedelta(hours=1))
    assert set(Ban.in_force()) == {lasting, ending}


@pytest.mark.parametrize("network", ["nonsense", "192.0.2.1/24", "192.0.2.0/33", "1.2.3"])
def test_what_is_no_network_can_not_be_banned(mod, network):
    with pytest.raises(ValidationError):
        verbs.ban(mod, network=network)
    assert not Ban.objects.exists()


def test_a_ban_is_against_somebody(mod):
    with pytest.raises(ValidationError):
        verbs.ban(mod, reason="nobody")


def test_a_change_of_the_room_is_noted_as_it_was_made(mod):
    room = Room.objects.get()
    room.mode = "slow"
    verbs.set_room(room, mod, ["mode"])
    assert notes() == ["Set mode: slow."]
    assert Room.objects.get().mode == "slow"
