"""Which cookies and tokens are still good. On a real database."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chat.log import head
from chat.members import generations
from chat.members.cookie import Credential, member_of_cookie, member_of_token, token_of
from chat.members.generations import Generations
from chat.models import Log, Member

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def known(monkeypatch):
    """What this process knows; afterwards it is as before."""
    monkeypatch.setattr(generations.generations, "_current", {})
    return generations.generations


def joined(member_id: str) -> None:
    now = timezone.now()
    Member.objects.create(id=member_id, name=member_id, held_until=now, last_seen_at=now)


def version() -> int:
    return head.read_head().version


def test_each_renewal_is_the_next_one_and_every_process_is_told():
    Log.objects.get_or_create()
    joined("ada")
    before = version()
    assert [generations.renew("ada") for _ in range(3)] == [1, 2, 3]
    assert version() == before + 3
    assert generations.read() == {"ada": 3}


def test_who_was_never_written_down_is_not_written_down_now_and_no_process_is_told():
    Log.objects.get_or_create()
    before = version()
    assert generations.renew("ada") is None
    assert not Member.objects.exists()
    assert version() == before


def test_what_has_changed_since_is_read_alone_and_what_is_too_old_by_itself_not_at_all():
    Log.objects.get_or_create()
    for member in ("old", "bob", "ada"):
        joined(member)
        generations.renew(member)
    now = timezone.now()
    seen = Member.objects.filter
    seen(id="old").update(last_seen_at=now - timedelta(days=401))
    seen(id="bob").update(last_seen_at=now - timedelta(days=399))
    assert generations.read() == {"ada": 1, "bob": 1}
    assert generations.read(now) == {"ada": 1}
    joined("ada2")
    assert generations.read(now + timedelta(hours=1)) == {}


def test_what_is_learnt_besides_tells_who_has_moved_on():
    known = Generations()
    assert known.learn({"ada": 1, "bob": 1}) == {"ada", "bob"}
    assert known.learn({"ada": 2, "bob": 1}, anew=False) == {"ada"}
    assert known.learn({"cy": 1}, anew=False) == {"cy"}
    assert known.revoked("bob", 0)
    known.learn({"ada": 2})
    assert not known.revoked("bob", 0)


def test_an_earlier_one_is_revoked_and_a_later_one_is_not_known_yet():
    known = Generations()
    known.learn({"ada": 2})
    assert [known.revoked("ada", number) for number in range(4)] == [True, True, False, False]
    assert not known.revoked("bob", 0)


def test_what_is_revoked_is_nobodys(known):
    token = token_of(Credential("ada", 1))
    assert member_of_token(token) == ("ada", 1)
    known.learn({"ada": 2})
    assert member_of_token(token) is None
    assert member_of_token(token_of(Credential("ada", 2))) == ("ada", 2)


def test_a_token_of_the_release_before_is_of_the_first_generation():
    assert str(Credential("ada", 0)) == "ada"
    assert member_of_token(token_of(Credential("ada", 0))) == ("ada", 0)


@pytest.mark.parametrize("value", [None, "", "ada", "ada.1", "ada.1:x:y", "ada:1:é", "."])
def test_what_is_no_cookie_is_nobodys(value):
    assert member_of_cookie(value) is None
