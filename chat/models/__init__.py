"""The tables. Only chat/log/ writes messages; see docs/ARCHITECTURE.md."""

from chat.models.life import FormerText, Reaction
from chat.models.log import Log, new_epoch
from chat.models.member import Member, new_member_id
from chat.models.message import Message
from chat.models.moderation import Act, Ban, Pending, validate_network
from chat.models.room import Room

__all__ = [
    "Act",
    "Ban",
    "FormerText",
    "Log",
    "Member",
    "Message",
    "Pending",
    "Reaction",
    "Room",
    "new_epoch",
    "new_member_id",
    "validate_network",
]
