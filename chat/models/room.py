"""What the room is called and who may write."""

from typing import Any

from django.db import models


class Room(models.Model):
    """One row: what the room is called and who may write."""

    class Mode(models.TextChoices):
        OPEN = "open"
        SLOW = "slow"
        READ_ONLY = "read_only", "read-only"

    class Pressure(models.TextChoices):
        """How much newcomers may take from the others."""

        NORMAL = "normal"
        TIGHT = "tight", "tight: newcomers may do a quarter"

    title = models.CharField(max_length=80, default="Simple chat")
    notice = models.CharField(max_length=300, blank=True)
    mode = models.CharField(max_length=10, choices=Mode, default=Mode.OPEN)
    slow_seconds = models.PositiveSmallIntegerField(default=30)
    pressure = models.CharField(
        max_length=10, choices=Pressure, default=Pressure.NORMAL, db_default="normal"
    )

    class Meta:
        verbose_name_plural = "room"

    def __str__(self) -> str:
        return self.title

    def as_fields(self) -> dict[str, Any]:
        """The room as the protocol tells it."""
        return {
            "title": self.title,
            "notice": self.notice,
            "mode": self.mode,
            "slow_seconds": self.slow_seconds,
        }
