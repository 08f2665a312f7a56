"""Keeping the room in order: each verb is one transaction, with an entry in the admin's log.

All functions block; the admin's views call them, in threads of Django's. What they change is in
force in every process at once, or within two seconds where the channel layer loses the hint. Of
many messages the newest are changed at once, and the rest soon (chat/log/acts.py): the act says how
many have been, and how many are left.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from asgiref.sync import async_to_sync
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.db.models import QuerySet
from django.utils import timezone

from chat.log import acts, head
from chat.models import Act, Ban, Member, Message, Room
from chat.relay.group import nudge

WORDS = {Act.What.HIDE: "Hidden.", Act.What.RESTORE: "Restored."}


def hide(messages: QuerySet[Message], by: AbstractUser, reason: str = "") -> Act:
    """Take messages out of everybody's sight."""
    return _act(Act.What.HIDE, messages, by, reason)


def restore(messages: QuerySet[Message], by: AbstractUser, reason: str = "") -> Act:
    """Show hidden messages again."""
    return _act(Act.What.RESTORE, messages, by, reason)


def hide_all_by(member: Member, by: AbstractUser, reason: str = "") -> Act:
    """Hide everything that a member has said."""
    messages = Message.objects.filter(author=member.id)
    return _act(Act.What.HIDE, messages, by, reason, member)


def _act(
    what: Act.What,
    messages: QuerySet[Message],
    by: AbstractUser,
    reason: str,
    whom: Member | None = None,
) -> Act:
    plan = acts.plan(what, messages)
    act = Act(what=what, by=by.get_username(), whom=whom.id if whom else "", reason=reason)
    if not plan.seqs:
        act.done_at = act.begun_at
        return act
    with transaction.atomic():
        changed = acts.begin(act, plan)
        if act.done_at:
            noted: list[models.Model] = list(Message.objects.filter(seq__in=changed))
            _note(by, noted, _words(WORDS[what], reason))
        else:  # a line for each of 100,000 would be no history that anybody reads
            noted = [act, whom] if whom else [act]
            _note(by, noted, _words(f"{WORDS[what]} {len(plan.seqs):,} messages.", reason))
        _publish()
    return act


@transaction.atomic
def ban(
    by: AbstractUser,
    *,
    member: Member | None = None,
    network: str = "",
    reason: str = "",
    expires_at: datetime | None = None,
) -> Ban:
    """Shut out a member, whoever comes from an address or network, or both."""
    made = Ban(member=member, network=network, reason=reason, expires_at=expires_at)
    return save_ban(made, by)


@transaction.atomic
def save_ban(ban: Ban, by: AbstractUser) -> Ban:
    """Put a new or a changed ban into force."""
    new = ban._state.adding
    if new:
        ban.by = by.get_username()
    ban.full_clean(exclude=["by"])
    ban.save()
    words = _words(f"Banned {ban}.", ban.reason)
    _note(by, [ban], words, ADDITION if new else CHANGE)
    if ban.member:
        _note(by, [ban.member], words)
    _apply()
    return ban


def unban(bans: Iterable[Ban], by: AbstractUser) -> int:
    """End bans that are in force; they stay in the list, for who looks back."""
    now = timezone.now()
    ended = [ban for ban in bans if ban.expires_at is None or ban.expires_at > now]
    for first in range(0, len(ended), acts.PART):
        _end(ended[first : first + acts.PART], now, by)
    return len(ended)


@transaction.atomic
def _end(bans: list[Ban], now: datetime, by: AbstractUser) -> None:
    """So many at a time that nobody has to wait who posts."""
    Ban.objects.filter(pk__in=[ban.pk for ban in bans]).update(expires_at=now)
    _note(by, bans, "Unbanned.")
    _note(by, [ban.member for ban in bans if ban.member], "Unbanned.")
    _apply()


@transaction.atomic
def set_room(room: Room, by: AbstractUser, changed: Iterable[str]) -> None:
    """Save the room: its title, notice, mode, pause and pressure."""
    room.save()
    values = (f"{name}: {getattr(room, name)}" for name in changed)
    _note(by, [room], _words("Set " + ", ".join(values) + "."))
    _apply()


def _apply() -> None:
    head.touch()
    _publish()


def _publish() -> None:
    transaction.on_commit(async_to_sync(nudge))


def _words(what: str, reason: str = "") -> str:
    return f"{what} Reason: {reason}" if reason else what


def _note(
    by: AbstractUser, objects: Sequence[models.Model], words: str, flag: int = CHANGE
) -> None:
    if objects:
        LogEntry.objects.log_actions(by.pk, objects, flag, words)
