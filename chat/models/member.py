"""People, and the names that are held for them."""

import secrets

from django.db import models


def new_member_id() -> str:
    """A random public id: it says who wrote a message, and lets nobody in."""
    return secrets.token_urlsafe(9)


class Member(models.Model):
    """A person, known by a cookie or by a connection, and the name that is held for them.

    The keys are empty once the name is free again; `name` stays, for those who moderate.
    """

    id = models.CharField(primary_key=True, max_length=16, default=new_member_id)
    name = models.CharField(max_length=32)
    # Names that look alike have a key in common (chat/protocol/names.py). NULLs are never equal.
    name_key = models.CharField(max_length=1000, unique=True, null=True, editable=False)  # noqa: DJ001
    look_key = models.CharField(max_length=1000, unique=True, null=True, editable=False)  # noqa: DJ001
    held_until = models.DateTimeField(db_index=True)
    # Known by a cookie, and has spoken on more than one occasion: the name is kept for days.
    lasting = models.BooleanField(default=False)
    # Cookies and tokens of an earlier one are nobody's (chat/members/generations.py). The database
    # has the default, too, for processes of the release before.
    generation = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    last_seen_at = models.DateTimeField()
    last_address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        permissions = [("ban_member", "Can ban and unban people")]

    def __str__(self) -> str:
        return self.name
