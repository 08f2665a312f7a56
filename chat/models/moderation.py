"""Bans, and acts on many messages."""

import contextlib

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone

from chat.models.member import Member
from chat.policy import addresses


def validate_network(value: str) -> None:
    """An address or a network, as the server sees its clients."""
    try:
        addresses.network(value)
    except ValueError as error:
        raise ValidationError(f"For example 203.0.113.7 or 203.0.113.0/24: {error}.") from error


class Ban(models.Model):
    """Who may not take part: a member, whoever comes from a network, or both."""

    member = models.ForeignKey(Member, null=True, blank=True, on_delete=models.SET_NULL)
    network = models.CharField(
        "address or network",
        max_length=50,
        blank=True,
        validators=[validate_network],
        help_text="An IPv6 address stands for the /64 around it, which is one client's.",
    )
    reason = models.CharField(max_length=300, blank=True, help_text="They are told this.")
    by = models.CharField(max_length=150, editable=False)
    made_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(
        null=True, blank=True, db_index=True, help_text="Empty: never."
    )

    class Meta:
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return " and ".join(filter(None, [self.member.name if self.member else "", self.network]))

    @classmethod
    def in_force(cls) -> QuerySet["Ban"]:
        return cls.objects.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))

    def clean(self) -> None:
        if not self.member and not self.network:
            raise ValidationError("Say whom: a member, an address or network, or both.")
        if self.network:
            with contextlib.suppress(ValueError):  # its validator has said so
                self.network = addresses.written(self.network)


class Act(models.Model):
    """What one of the staff did to messages: who, what, whose, why. See chat/log/acts.py.

    It is open until `done_at`; what it has not come to is `Pending`.
    """

    class What(models.TextChoices):
        HIDE = "hide"
        RESTORE = "restore"

    what = models.CharField(max_length=10, choices=What)
    by = models.CharField(max_length=150)
    # A member's id, where it is about everything that they have said.
    whom = models.CharField(max_length=16, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    begun_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)
    changed = models.BigIntegerField(default=0)
    lease = models.CharField(max_length=16, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["id"], condition=Q(done_at=None), name="open_acts")]

    def __str__(self) -> str:
        return f"{self.get_what_display()}, {self.id}"

    @property
    def left(self) -> int:
        """How many messages it has not come to."""
        return 0 if self.done_at else Pending.objects.filter(act=self).count()


class Pending(models.Model):
    """A message that an open act has not come to."""

    pk = models.CompositePrimaryKey("seq", "act_id")
    seq = models.BigIntegerField()
    # 100,000 rows are stored at once, while others wait: neither checked nor indexed once more.
    act = models.ForeignKey(
        Act, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )

    def __str__(self) -> str:
        return f"{self.seq} of {self.act_id}"
