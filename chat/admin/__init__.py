"""The admin: it asks for a reason and calls the verbs of chat/moderation/."""

from chat.admin import acts, bans, members, messages, room

__all__ = ["acts", "bans", "members", "messages", "room"]
