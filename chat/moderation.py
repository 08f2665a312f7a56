"""Keeping the room in order: each verb is one transaction, with an entry in the admin's log.

All functions block; the admin's views call them, in threads of Django's. What they change is in
force in every process at once, or within two seconds where the channel layer loses the hint.
"""

from collections.abc import Iterable
from datetime import datetime

from asgiref.sync import async_to_sync
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.db.models import QuerySet
from django.utils import timezone

from chat import log
from chat.group import nudge
from chat.models import Ban, Member, Message, Room


@transaction.atomic
def hide(messages: QuerySet[Message], by: AbstractUser, reason: str = "") -> int:
    """Take messages out of everybody's sight. Returns how many were visible."""
    hidden = log.hide(messages, by.get_username())
    _note(by, hidden, _words("Hidden.", reason))
    _publish()
    return len(hidden)


@transaction.atomic
def restore(messages: QuerySet[Message], by: AbstractUser, reason: str = "") -> int:
    """Show hidden messages again. Returns how many were hidden."""
    restored = log.restore(messages)
    _note(by, restored, _words("Restored.", reason))
    _publish()
    return len(restored)


def hide_all_by(member: Member, by: AbstractUser, reason: str = "") -> int:
    """Hide everything that a member has said."""
    return hide(Message.objects.filter(author=member.id), by, reason)


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


@transaction.atomic
def unban(bans: Iterable[Ban], by: AbstractUser) -> int:
    """End bans that are in force; they stay in the list, for who looks back."""
    now = timezone.now()
    ended = [ban for ban in bans if ban.expires_at is None or ban.expires_at > now]
    for ban in ended:
        ban.expires_at = now
        ban.save(update_fields=["expires_at"])
    _note(by, ended, "Unbanned.")
    _note(by, [ban.member for ban in ended if ban.member], "Unbanned.")
    _apply()
    return len(ended)


@transaction.atomic
def set_room(room: Room, by: AbstractUser, changed: Iterable[str]) -> None:
    """Save the room: its title, notice, mode and pause."""
    room.save()
    values = (f"{name}: {getattr(room, name)}" for name in changed)
    _note(by, [room], _words("Set " + ", ".join(values) + "."))
    _apply()


def _apply() -> None:
    log.touch()
    _publish()


def _publish() -> None:
    transaction.on_commit(async_to_sync(nudge))


def _words(what: str, reason: str = "") -> str:
    return f"{what} Reason: {reason}" if reason else what


def _note(by: AbstractUser, objects: list[models.Model], words: str, flag: int = CHANGE) -> None:
    if objects:
        LogEntry.objects.log_actions(by.pk, objects, flag, words, single_object=len(objects) == 1)
