"""Names: claimed, held, free again. On a real database."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chat.members import claims
from chat.members.claims import PRESENT, Claim, Claimed
from chat.models import Member, Message

pytestmark = pytest.mark.django_db


def claim(member_id: str, name: str | None = None) -> Claimed:
    return claims.claim([Claim(member_id, name, "192.0.2.1")])[0]


def time_passes(**by) -> None:
    for member in Member.objects.all():
        member.held_until -= timedelta(**by)
        member.save()


def test_a_free_name_is_given_and_the_same_one_again_is_nothing_new():
    assert claim("a", "Ada") == Claimed("Ada", renamed=True)
    assert claim("a", "Ada") == Claimed("Ada", renamed=False)
    assert claim("a") == Claimed("Ada", renamed=False)


def test_who_had_no_name_and_asks_for_none_reads():
    assert claim("a") == Claimed(None)
    assert not Member.objects.exists()


@pytest.mark.parametrize("name", ["Ada", "ADA", "ada", "Аda", "  Ada ".strip(), "Αda"])
def test_a_name_that_is_held_or_looks_like_it_is_taken(name):
    claim("a", "Ada")
    assert claim("b", name) == Claimed(None, taken=True)


def test_a_letter_that_only_looks_alike_in_one_case_is_caught_too():
    claim("a", "Alice")
    assert claim("b", "AIice").taken  # a capital i


def test_what_looks_like_one_spelling_of_a_name_is_like_the_others_too():
    claim("a", "ALICE")
    assert claim("b", "AIice").taken
    claim("c", "Bill")
    assert claim("d", "BiII").taken


def test_who_is_refused_a_new_name_keeps_the_old_one():
    claim("a", "Ada")
    claim("b", "Bob")
    assert claim("b", "Ada").taken
    assert claim("b") == Claimed("Bob")


def test_a_name_that_was_given_up_is_free():
    claim("a", "Ada")
    assert claim("a", "Countess") == Claimed("Countess", renamed=True)
    assert claim("b", "Ada") == Claimed("Ada", renamed=True)


def test_a_batch_of_claims_is_granted_in_its_order():
    wanted = [
        Claim("a", "Ada", None),
        Claim("b", "Ada", None),
        Claim("a", "Countess", None),
        Claim("c", "Ada", None),
        Claim("b", "Bob", None),
    ]
    assert claims.claim(wanted) == [
        Claimed("Ada", renamed=True),
        Claimed(None, taken=True),
        Claimed("Countess", renamed=True),
        Claimed("Ada", renamed=True),
        Claimed("Bob", renamed=True),
    ]


def test_without_a_sign_of_life_a_name_is_free_after_40_seconds():
    claim("a", "Ada")
    time_passes(seconds=PRESENT.total_seconds() - 1)
    assert claim("b", "Ada").taken
    time_passes(seconds=2)
    assert claim("b", "Ada").name == "Ada"
    assert claim("a") == Claimed(None, taken=True)


def test_who_is_present_keeps_the_name():
    claim("a", "Ada")
    time_passes(seconds=30)
    claims.seen(["a"])
    time_passes(seconds=30)
    assert claim("b", "Ada").taken


@pytest.mark.parametrize("away", [39, 41])
def test_who_comes_back_holds_the_name_for_another_while(away):
    claim("a", "Ada")
    time_passes(seconds=away)
    wanted = [Claim("a", "Ada", "192.0.2.1"), Claim("b", "Ada", None)]
    assert claims.claim(wanted) == [Claimed("Ada"), Claimed(None, taken=True)]
    time_passes(seconds=30)
    assert claim("b", "Ada").taken
    time_passes(seconds=11)
    assert claim("b", "Ada").name == "Ada"


def test_who_comes_back_gets_the_keys_of_newer_rules():
    claim("a", "Ada")
    Member.objects.update(name_key="older", look_key="older")
    assert claim("a", "Ada") == Claimed("Ada")
    assert claim("b", "ADA").taken


def test_a_thousand_who_come_back_take_six_statements_not_a_thousand(
    django_assert_max_num_queries,
):
    wanted = [Claim(f"{number}", f"Person {number}", None) for number in range(1000)]
    claims.claim(wanted)
    time_passes(seconds=30)
    with django_assert_max_num_queries(6):
        claims.claim(wanted)
    assert claim("x", "Person 999").taken


def says(member_id: str, *minutes: float, **fields) -> None:
    """One message so many minutes ago each; and what follows from it for the name."""
    for ago in minutes:
        seq = Message.objects.count() + 1
        Message.objects.create(
            seq=seq,
            rev=seq,
            author=member_id,
            nonce=f"nonce-{seq}",
            at=timezone.now() - timedelta(minutes=ago),
            **fields,
        )
    claims.spoke([member_id])


@pytest.mark.parametrize(
    ("minutes", "hidden"),
    [((0,), False), ((90, 0), False), ((50, 25, 0), False), ((90, 45, 0), True)],
    ids=["one message", "two on two occasions", "three on one", "three that nobody sees"],
)
def test_who_has_hardly_spoken_keeps_the_name_for_no_day(minutes, hidden):
    claim("a", "Ada")
    says("a", *minutes, hidden_at=timezone.now() if hidden else None)
    time_passes(seconds=41)
    assert claim("b", "Ada").name == "Ada"


def test_what_others_have_said_holds_no_name():
    claim("a", "Ada")
    claim("b", "Bob")
    says("b", 90, 45, 0)
    claims.spoke(["a", "b"])
    time_passes(days=1)
    assert claim("c", "Ada").name == "Ada"
    assert claim("c", "Bob").taken


def test_a_hundred_who_go_on_talking_cost_a_statement(django_assert_num_queries):
    for number in range(100):
        claim(f"{number}", f"Person {number}")
    ids = [f"{number}" for number in range(100)]
    with django_assert_num_queries(2):
        claims.spoke(ids)


def test_no_new_name_is_given_where_none_may_be_and_the_old_one_is():
    claim("a", "Ada")
    wishes = [
        Claim("a", "Ada", None, may_be_new=False),
        Claim("a", None, None, may_be_new=False),
        Claim("a", "Countess", None, may_be_new=False),
        Claim("b", "Bob", None, may_be_new=False),
        Claim("b", "Ada", None, may_be_new=False),
    ]
    assert claims.claim(wishes) == [
        Claimed("Ada"),
        Claimed("Ada"),
        Claimed(None, limited=True),
        Claimed(None, limited=True),
        Claimed(None, taken=True),
    ]
    assert not Member.objects.filter(id="b").exists()


def test_who_has_spoken_keeps_the_name_for_days(settings):
    settings.CHAT_NAME_DAYS = 30
    claim("a", "Ada")
    says("a", 60, 30, 0)
    time_passes(days=29)
    assert claim("b", "Ada").taken
    claims.seen(["a"])
    time_passes(days=29)
    assert claim("b", "Ada").taken
    time_passes(days=2)
    assert claim("b", "Ada").name == "Ada"


def test_a_name_that_is_released_is_free_at_once_and_is_not_held_again_by_a_late_refresh():
    claim("a", "Ada")
    claims.free(["a"])
    claims.seen(["a"])
    assert claim("b", "Ada").name == "Ada"


def test_not_even_0_days_give_away_the_name_of_somebody_who_is_here(settings):
    settings.CHAT_NAME_DAYS = 0
    claim("a", "Ada")
    says("a", 60, 30, 0)
    assert claim("b", "Ada").taken


def test_a_refresh_says_whose_name_is_held_and_how_it_is_now():
    claim("a", "Ada")
    claim("b", "Bob")
    time_passes(minutes=1)
    claim("c", "Ada")
    claim("b", "Robert")
    assert claims.seen(["a", "b"]) == {"b": "Robert"}


def test_a_name_that_newer_rules_forbid_is_no_name_and_harms_nobody_else():
    claim("a", "Ada")
    Member.objects.filter(id="a").update(name="\u200b", name_key=None, look_key=None)
    granted = claims.claim([Claim("a", None, None), Claim("b", "Bob", None)])
    assert granted == [Claimed(None), Claimed("Bob", renamed=True)]


def test_a_storm_of_reconnects_writes_nothing(django_assert_num_queries):
    names = [f"{letter}{other}-person" for letter in "abcdefghij" for other in "abcdefghij"]
    wanted = [Claim(name, name, "192.0.2.1") for name in names]
    claims.claim(wanted)
    with django_assert_num_queries(4):  # a savepoint, its release, old names, members
        again = claims.claim(wanted)
    assert all(claimed.name and not claimed.renamed for claimed in again)


def test_the_admin_sees_when_and_whence_a_member_was_last_here():
    claim("a", "Ada")
    member = Member.objects.get()
    assert member.last_address == "192.0.2.1"
    assert timezone.now() - member.last_seen_at < timedelta(minutes=1)
