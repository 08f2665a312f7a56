"""Who is called what: names are claimed, held, and free again. All functions block.

A name is held while its member is present, and, once its member has spoken under a cookie, for
CHAT_NAME_DAYS after it was last seen. Presence is refreshed every few seconds and ends by itself,
so a crash leaves no name locked.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from chat import names
from chat.models import Member

PRESENT = timedelta(seconds=40)
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody joins: under `name`, or, where it is None, under the name they had."""

    member_id: str
    name: str | None
    address: str | None


@dataclass(frozen=True, slots=True)
class Claimed:
    """The name that is theirs now (None: none), whether it is a new one, or was `taken`."""

    name: str | None
    renamed: bool = False
    taken: bool = False


def claim(claims: Sequence[Claim]) -> list[Claimed]:
    """Grant or refuse `claims`, in their order, in one transaction."""
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                register = _Register(claims)
                return [register.grant(claim) for claim in claims]
        except IntegrityError:
            # Another process was given one of the names since we looked. Look again.
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


class _Register:
    """The members that a batch of claims touches, as they stand in this transaction."""

    def __init__(self, claims: Iterable[Claim]):
        self._now = timezone.now()
        self._members = Member.objects.in_bulk({claim.member_id for claim in claims})
        wanted = {claim.name or self._old_name(claim) for claim in claims}
        self._keys = {name: names.keys(name) for name in wanted if name}
        holders = Member.objects.filter(
            Q(name_key__in={keys.name_key for keys in self._keys.values()})
            | Q(look_key__in={keys.look_key for keys in self._keys.values()})
        )
        for holder in holders:
            self._members.setdefault(holder.id, holder)

    def _old_name(self, claim: Claim) -> str | None:
        member = self._members.get(claim.member_id)
        return member.name if member else None

    def grant(self, claim: Claim) -> Claimed:
        name = claim.name or self._old_name(claim)
        if name is None:
            return Claimed(None)
        keys = self._keys[name]
        others = [
            member
            for member in self._members.values()
            if member.id != claim.member_id
            and (member.name_key == keys.name_key or member.look_key == keys.look_key)
        ]
        if any(other.held_until > self._now for other in others):
            return Claimed(None, taken=True)
        for other in others:  # before the name is given again: the keys are unique
            other.name_key = other.look_key = None
            other.save(update_fields=["name_key", "look_key"])
        return Claimed(name, renamed=self._hold(claim, name, keys))

    def _hold(self, claim: Claim, name: str, keys: names.Keys) -> bool:
        """Write the name down, where it isn't already. Returns whether it is a new one."""
        member = self._members.get(claim.member_id)
        renamed = member is None or member.name != name
        fresh = member is not None and member.held_until > self._now + PRESENT / 2
        if fresh and not renamed and member.name_key and member.last_address == claim.address:
            return False  # a storm of reconnects writes nothing
        if member is None:
            member = self._members[claim.member_id] = Member(id=claim.member_id)
        member.name, member.name_key, member.look_key = name, keys.name_key, keys.look_key
        member.last_seen_at, member.last_address = self._now, claim.address
        member.held_until = _held_until(self._now, lasting=member.lasting)
        member.save()
        return renamed


def _held_until(now: datetime, *, lasting: bool) -> datetime:
    return now + (timedelta(days=settings.CHAT_NAME_DAYS) if lasting else PRESENT)


def seen(member_ids: Iterable[str]) -> None:
    """These are present: hold their names for another while."""
    now = timezone.now()
    ids = sorted(member_ids)
    for start in range(0, len(ids), 500):
        here = Member.objects.filter(id__in=ids[start : start + 500], name_key__isnull=False)
        for lasting in (False, True):
            here.filter(lasting=lasting).update(
                last_seen_at=now, held_until=_held_until(now, lasting=lasting)
            )


def spoke(member_ids: Collection[str]) -> None:
    """These have said something under a cookie: keep their names for days."""
    Member.objects.filter(id__in=member_ids).update(
        lasting=True, held_until=_held_until(timezone.now(), lasting=True)
    )


def release(member_ids: Collection[str]) -> None:
    """These had no cookie and are gone for good: others may have their names."""
    Member.objects.filter(id__in=member_ids).update(
        name_key=None, look_key=None, held_until=timezone.now()
    )
