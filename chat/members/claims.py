"""Who is called what: names are claimed, held, and free again. All functions block.

A name is held while its member is present, and, once its member has spoken under a cookie on more
than one occasion, for CHAT_NAME_DAYS after it was last seen. Presence is refreshed every few
seconds and ends by itself, so a crash leaves no name locked.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max, Min, QuerySet
from django.utils import timezone

from chat.members.rows import names_of, touched
from chat.models import Member, Message
from chat.protocol import names

PRESENT = timedelta(seconds=40)
# What a name is kept for days for: so many messages that still stand, over that much time. Names
# that somebody takes by the hundred, with a word in each, are free as soon as they leave.
MESSAGES = 3
OCCASIONS_APART = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody joins: under `name`, or, where it is None, under the name they had.

    `may_be_new` false: only under the one they had.
    """

    member_id: str
    name: str | None
    address: str | None
    may_be_new: bool = True


@dataclass(frozen=True, slots=True)
class Claimed:
    """The name that is theirs now (None: none), whether it is a new one, or why it is not theirs:
    another's (`taken`), or no new one was to be given (`limited`)."""

    name: str | None
    renamed: bool = False
    taken: bool = False
    limited: bool = False


@transaction.atomic
def claim(claims: Sequence[Claim]) -> list[Claimed]:
    """Grant or refuse `claims`, in their order, in one transaction.

    Raises `IntegrityError` where another process has just given one of the names away.
    """
    register = _Register(claims)
    granted = [register.grant(claim) for claim in claims]
    register.write()
    return granted


class _Register:
    """The members that a batch of claims touches: locked, so they stay as they are."""

    def __init__(self, claims: Sequence[Claim]) -> None:
        self._now = timezone.now()
        ids = {claim.member_id for claim in claims}
        wanted = {claim.name for claim in claims if claim.name} | names_of(ids)
        keys = {key for keys in map(_keys, wanted) for key in keys or ()}
        self._members = {member.id: member for member in touched(ids, keys)}
        self._new: dict[str, Member] = {}  # to be written in one statement
        self._back: list[Member] = []  # under the name they had: in one statement, too
        self._holders: dict[str, dict[str, Member]] = {}  # by either key, then by id
        for member in self._members.values():
            self._note(member)

    def _note(self, member: Member) -> None:
        if member.name_key and member.look_key:
            for key in (member.name_key, member.look_key):
                self._holders.setdefault(key, {})[member.id] = member

    def _forget(self, member: Member) -> None:
        for key in (member.name_key, member.look_key):
            self._holders.get(key or "", {}).pop(member.id, None)

    def grant(self, claim: Claim) -> Claimed:
        member = self._members.get(claim.member_id)
        name = claim.name or (member.name if member else None)
        keys = _keys(name) if name else None
        if not name or keys is None:
            return Claimed(None)
        holders = {**self._holders.get(keys.name_key, {}), **self._holders.get(keys.look_key, {})}
        others = [holder for holder in holders.values() if holder.id != claim.member_id]
        if any(other.held_until > self._now for other in others):
            return Claimed(None, taken=True)
        if not claim.may_be_new and (member is None or member.name != name):
            return Claimed(None, limited=True)
        for other in others:  # before the name is given again: the keys are unique
            self._free(other)
        return Claimed(name, renamed=self._hold(claim, name, keys))

    def _free(self, member: Member) -> None:
        self._forget(member)
        member.name_key = member.look_key = None
        member.save(update_fields=["name_key", "look_key"])

    def _hold(self, claim: Claim, name: str, keys: names.Keys) -> bool:
        """Write the name down, where it isn't already. Returns whether it is a new one."""
        member = self._members.get(claim.member_id)
        renamed = member is None or member.name != name
        if member and self._is_theirs(member, name, keys) and member.last_address == claim.address:
            if member.held_until < self._now + PRESENT / 2:
                member.held_until = _held_until(self._now, lasting=member.lasting)
                self._back.append(member)
            return False
        if member is None:
            member = self._members[claim.member_id] = Member(id=claim.member_id)
            self._new[member.id] = member
        self._forget(member)
        member.name, member.name_key, member.look_key = name, keys.name_key, keys.look_key
        member.last_seen_at, member.last_address = self._now, claim.address
        member.held_until = _held_until(self._now, lasting=member.lasting)
        if member.id not in self._new:
            member.save()
        self._note(member)
        return renamed

    @staticmethod
    def _is_theirs(member: Member, name: str, keys: names.Keys) -> bool:
        return member.name == name and (member.name_key, member.look_key) == keys

    def write(self) -> None:
        """Write down who was not known before, and hold the names of those who are back."""
        if self._new:
            Member.objects.bulk_create(self._new.values())
        if self._back:
            _refresh(Member.objects.filter(id__in=[member.id for member in self._back]), self._now)


@lru_cache(maxsize=10_000)
def _keys(name: str) -> names.Keys | None:
    """The keys of a name; None for one that can't be had any more, by newer rules."""
    try:
        return names.keys(name)
    except UnicodeError:
        return None


def _held_until(now: datetime, *, lasting: bool) -> datetime:
    return now + (max(PRESENT, timedelta(days=settings.CHAT_NAME_DAYS)) if lasting else PRESENT)


def seen(member_ids: Iterable[str]) -> dict[str, str]:
    """These are present: hold their names for another while.

    Returns the names of those who have one still; others were away for too long.
    """
    now = timezone.now()
    ids = sorted(member_ids)
    held: dict[str, str] = {}
    for start in range(0, len(ids), 500):
        here = Member.objects.filter(id__in=ids[start : start + 500], name_key__isnull=False)
        with transaction.atomic():
            held |= dict(here.select_for_update().order_by("id").values_list("id", "name"))
            _refresh(here, now)
    return held


def _refresh(members: QuerySet[Member], now: datetime) -> None:
    """Hold the names of these, whose rows are locked, for another while."""
    for lasting in (False, True):
        members.filter(lasting=lasting).update(
            last_seen_at=now, held_until=_held_until(now, lasting=lasting)
        )


def spoke(member_ids: Collection[str]) -> None:
    """These have said something under a cookie: keep the names of those for days who have said
    `MESSAGES`, the last of them `OCCASIONS_APART` from the first."""
    passing = Member.objects.filter(id__in=member_ids, lasting=False).values_list("id", flat=True)
    standing = Message.objects.filter(hidden_at=None, removed_at=None, author__in=list(passing))
    said = standing.order_by().values_list("author").annotate(Count("seq"), Min("at"), Max("at"))
    staying = [
        author
        for author, count, first, last in said
        if count >= MESSAGES and last - first >= OCCASIONS_APART
    ]
    if not staying:
        return
    with transaction.atomic():
        held_until = _held_until(timezone.now(), lasting=True)
        _lock(staying).update(lasting=True, held_until=held_until)


@transaction.atomic
def free(member_ids: Collection[str]) -> None:
    """These were guests and are gone for good: others may have their names."""
    _lock(member_ids).update(name_key=None, look_key=None, held_until=timezone.now())


def _lock(member_ids: Collection[str]) -> QuerySet[Member]:
    """These members, locked in the order that all lock them in (see `touched`)."""
    locked = Member.objects.filter(id__in=member_ids)
    list(locked.select_for_update().order_by("id").values_list("id"))
    return locked
