"""The tables. Only chat/log.py writes messages; see docs/ARCHITECTURE.md."""

import contextlib
import secrets

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone

from chat import addresses, protocol


def new_epoch() -> str:
    """A random mark of one history."""
    return secrets.token_hex(8)


def new_member_id() -> str:
    """A random public id: it says who wrote a message, and lets nobody in."""
    return secrets.token_urlsafe(9)


class Log(models.Model):
    """One row: where the history stands. Its lock orders all changes, across processes.

    `seq` is the gapless counter that numbers every change; `epoch` marks this history;
    `version` grows whenever the room or a ban changes.
    """

    epoch = models.CharField(max_length=32, default=new_epoch)
    seq = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=0)

    def __str__(self):
        return f"{self.epoch} at {self.seq}"


class Room(models.Model):
    """One row: what the room is called and who may write."""

    class Mode(models.TextChoices):
        OPEN = "open"
        SLOW = "slow"
        READ_ONLY = "read_only", "read-only"

    title = models.CharField(max_length=80, default="Simple chat")
    notice = models.CharField(max_length=300, blank=True)
    mode = models.CharField(max_length=10, choices=Mode, default=Mode.OPEN)
    slow_seconds = models.PositiveSmallIntegerField(default=30)

    class Meta:
        verbose_name_plural = "room"

    def __str__(self):
        return self.title

    def as_fields(self) -> dict:
        """The room as the protocol tells it."""
        return {
            "title": self.title,
            "notice": self.notice,
            "mode": self.mode,
            "slow_seconds": self.slow_seconds,
        }


class Member(models.Model):
    """A person, known by a cookie or by a connection, and the name that is held for them.

    The keys are empty once the name is free again; `name` stays, for those who moderate.
    """

    id = models.CharField(primary_key=True, max_length=16, default=new_member_id)
    name = models.CharField(max_length=32)
    # Two names that look alike have a key in common: see chat/names.py. NULLs are never equal.
    name_key = models.CharField(max_length=1000, unique=True, null=True, editable=False)  # noqa: DJ001
    look_key = models.CharField(max_length=1000, unique=True, null=True, editable=False)  # noqa: DJ001
    held_until = models.DateTimeField(db_index=True)
    # Known by a cookie and has spoken: the name is kept for days, not for seconds.
    lasting = models.BooleanField(default=False)
    last_seen_at = models.DateTimeField()
    last_address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        permissions = [("ban_member", "Can ban and unban people")]

    def __str__(self):
        return self.name


class Message(models.Model):
    """What somebody said. `rev` is the number of its last change, `seq` that of its first."""

    seq = models.BigIntegerField(primary_key=True)
    rev = models.BigIntegerField(unique=True)
    # A member's id. No foreign key: a message outlives what is known of its author.
    author = models.CharField(max_length=16)
    name = models.CharField(max_length=32)
    text = models.TextField(max_length=protocol.LIMITS["text"])
    nonce = models.CharField(max_length=64)
    reply_to = models.BigIntegerField(null=True, blank=True)
    at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    hidden_at = models.DateTimeField(null=True, blank=True)
    hidden_by = models.CharField(max_length=150, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-seq"]
        constraints = [
            # The nonce first: retries are looked up by it.
            models.UniqueConstraint(fields=["nonce", "author"], name="one_message_a_nonce")
        ]
        indexes = [models.Index(fields=["author", "seq"], name="messages_of_an_author")]
        permissions = [("hide_message", "Can hide and restore messages")]

    def __str__(self):
        return f"{self.name}, {self.seq}"

    @property
    def visible(self) -> bool:
        return self.removed_at is None and self.hidden_at is None

    def encoded(self) -> str:
        """The message as it travels."""
        if not self.visible:
            return protocol.removed(seq=self.seq, rev=self.rev, by=self.author)
        return protocol.message(
            seq=self.seq,
            rev=self.rev,
            by=self.author,
            name=self.name,
            text=self.text,
            at=self.at,
            nonce=self.nonce,
        )


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

    def __str__(self):
        return " and ".join(filter(None, [self.member and self.member.name, self.network]))

    @classmethod
    def in_force(cls) -> QuerySet["Ban"]:
        return cls.objects.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))

    def clean(self):
        if not self.member and not self.network:
            raise ValidationError("Say whom: a member, an address or network, or both.")
        if self.network:
            with contextlib.suppress(ValueError):  # its validator has said so
                self.network = addresses.written(self.network)


class Act(models.Model):
    """What one of the staff did to messages: who, what, whose, why. See chat/acts.py.

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

    def __str__(self):
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

    def __str__(self):
        return f"{self.seq} of {self.act_id}"
