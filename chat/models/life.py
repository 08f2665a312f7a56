"""What becomes of a message after it was said. Only chat/log/ writes these."""

from django.db import models

from chat.models.message import Message
from chat.protocol import bounds


class Reaction(models.Model):
    """One member's emoji on a message; `Message.reactions` is what is told of them all."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, db_index=False, related_name="+")
    member = models.CharField(max_length=16)
    emoji = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "member", "emoji"], name="one_of_a_member")
        ]

    def __str__(self) -> str:
        return f"{self.emoji} on {self.message_id}"


class FormerText(models.Model):
    """What an edited message said `until` then. For moderators; its author's removal erases it."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="former_texts")
    text = models.TextField(max_length=bounds.LIMITS["text"])
    until = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.message_id}, until {self.until}"
