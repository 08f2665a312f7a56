"""Where the history stands."""

import secrets

from django.db import models


def new_epoch() -> str:
    """A random mark of one history."""
    return secrets.token_hex(8)


class Log(models.Model):
    """One row: where the history stands. Its lock orders all changes, across processes.

    `seq` is the gapless counter that numbers every change; `epoch` marks this history;
    `version` grows whenever the room or a ban changes.
    """

    epoch = models.CharField(max_length=32, default=new_epoch)
    seq = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.epoch} at {self.seq}"
