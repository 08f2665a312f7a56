"""What somebody said. Only chat/log/ writes it."""

from django.db import models

from chat.protocol import bounds, outgoing


class Message(models.Model):
    """What somebody said. `rev` is the number of its last change, `seq` that of its first."""

    seq = models.BigIntegerField(primary_key=True)
    rev = models.BigIntegerField(unique=True)
    # A member's id. No foreign key: a message outlives what is known of its author.
    author = models.CharField(max_length=16)
    name = models.CharField(max_length=32)
    text = models.TextField(max_length=bounds.LIMITS["text"])
    nonce = models.CharField(max_length=64)
    reply_to = models.BigIntegerField(null=True, blank=True)
    at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    hidden_at = models.DateTimeField(null=True, blank=True)
    hidden_by = models.CharField(max_length=150, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    # As they travel, made from the rows of `Reaction` in the transaction that changes those: to
    # read a message costs the same, however many have reacted.
    reactions = models.JSONField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-seq"]
        constraints = [
            # The nonce first: retries are looked up by it.
            models.UniqueConstraint(fields=["nonce", "author"], name="one_message_a_nonce")
        ]
        indexes = [models.Index(fields=["author", "seq"], name="messages_of_an_author")]
        permissions = [("hide_message", "Can hide and restore messages")]

    def __str__(self) -> str:
        return f"{self.name}, {self.seq}"

    @property
    def visible(self) -> bool:
        return self.removed_at is None and self.hidden_at is None

    def encoded(self) -> str:
        """The message as it travels."""
        if not self.visible:
            return outgoing.removed(seq=self.seq, rev=self.rev, by=self.author)
        return outgoing.message(
            seq=self.seq,
            rev=self.rev,
            by=self.author,
            name=self.name,
            text=self.text,
            at=self.at,
            nonce=self.nonce,
            reply_to=self.reply_to,
            edited=self.edited_at,
            reactions=self.reactions,
        )
