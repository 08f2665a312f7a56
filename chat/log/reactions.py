"""Reactions: their rows, and how they are told, which is kept with the message."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.backends.utils import CursorWrapper

from chat.log.read import visible
from chat.models import Member, Message, Reaction
from chat.protocol.bounds import LIMITS
from chat.protocol.errors import FrameError

NAMED = 5  # members of each emoji; whoever wants more asks for them
MOST = 500  # members of each emoji, for who asks
Row = tuple[int, str, str]  # message, member, emoji


class Reactions:
    """What some members have put on some messages, and what becomes of it. All of it blocks.

    What is told changes with each of them, so that its cost does not grow with the number of
    those who have reacted.
    """

    def __init__(self, wanted: Iterable[tuple[int, str]]):
        """`wanted`: which members may be asked about, each at which message."""
        pairs = set(wanted)
        self._there: dict[Row, None] = {}
        if pairs:
            rows = Reaction.objects.filter(
                message__in={seq for seq, _ in pairs}, member__in={member for _, member in pairs}
            )
            self._there = dict.fromkeys(rows.values_list("message", "member", "emoji"))
        self._before = frozenset(self._there)
        self._erased: set[int] = set()
        self._short: dict[int, set[str]] = defaultdict(set)  # where one of `by` took theirs back

    def has(self, seq: int, member: str, emoji: str) -> bool:
        return (seq, member, emoji) in self._there

    def put(self, message: Message, member: str, emoji: str, on: bool) -> None:
        """Put one there that isn't, or take back one that is. Raises `FrameError("too_many")`."""
        (self._add if on else self._take_back)(message, member, emoji)

    def _add(self, message: Message, member: str, emoji: str) -> None:
        told = message.reactions = message.reactions or []
        one = _of(told, emoji)
        if one is None:
            if len(told) >= LIMITS["reactions"]:
                raise FrameError("too_many")
            told.append(one := {"emoji": emoji, "count": 0, "by": []})
        one["count"] += 1
        if len(one["by"]) < NAMED:
            one["by"].append(member)
        self._there[message.seq, member, emoji] = None

    def _take_back(self, message: Message, member: str, emoji: str) -> None:
        told = message.reactions or []
        del self._there[message.seq, member, emoji]
        if one := _of(told, emoji):
            one["count"] -= 1
            if member in one["by"]:
                self._short[message.seq].add(emoji)
            if not one["count"]:
                told.remove(one)

    def erase(self, message: Message) -> None:
        """Take back everybody's."""
        message.reactions = None
        self._erased.add(message.seq)

    def write(self, cursor: CursorWrapper, messages: Mapping[int, Message]) -> None:
        """Write the rows; `messages` are those that have changed."""
        new = [row for row in self._there if row not in self._before and not self._is_erased(row)]
        old = [row for row in self._before if row not in self._there and not self._is_erased(row)]
        if old:
            cursor.executemany(
                "DELETE FROM chat_reaction WHERE message_id = %s AND member = %s AND emoji = %s",
                old,
            )
        if self._erased:
            Reaction.objects.filter(message__in=self._erased).delete()
        Reaction.objects.bulk_create(
            Reaction(message_id=seq, member=member, emoji=emoji) for seq, member, emoji in new
        )
        for seq, emoji in self._short.items():
            _name_first(messages[seq], emoji)

    def _is_erased(self, row: Row) -> bool:
        return row[0] in self._erased


def _of(told: list[dict[str, Any]], emoji: str) -> dict[str, Any] | None:
    return next((one for one in told if one["emoji"] == emoji), None)


def _name_first(message: Message, emoji: Iterable[str]) -> None:
    """Name who was first with these, as the table has it."""
    for one in message.reactions or []:
        if one["emoji"] in emoji:
            one["by"] = _members(message, one["emoji"], NAMED)


# --- What is asked -------------------------------------------------------------------------------
def people(seq: int) -> list[dict[str, Any]]:
    """Who has reacted to a message: {"emoji", "people": [{"id", "name"}]}, in the order in which
    it tells of them; of each emoji at most `MOST`, the first. Raises `FrameError("gone")`."""
    message = visible().filter(seq=seq).first()
    if message is None:
        raise FrameError("gone")
    told: list[dict[str, Any]] = message.reactions or []
    members = {one["emoji"]: _members(message, one["emoji"], MOST) for one in told}
    ids = {member for found in members.values() for member in found}
    names = dict(Member.objects.filter(pk__in=ids).values_list("pk", "name"))
    return [
        {
            "emoji": emoji,
            "people": [{"id": member, "name": names.get(member, "")} for member in found],
        }
        for emoji, found in members.items()
    ]


def of_member(member_id: str, seqs: Iterable[int]) -> list[dict[str, Any]]:
    """What a member has put on these messages, where they can be seen: {"seq", "emoji": […]}."""
    shown = visible().filter(seq__in=seqs).values("seq")
    rows = Reaction.objects.filter(message__in=shown, member=member_id).order_by("message", "pk")
    found: dict[int, list[str]] = defaultdict(list)
    for seq, emoji in rows.values_list("message", "emoji"):
        found[seq].append(emoji)
    return [{"seq": seq, "emoji": emoji} for seq, emoji in found.items()]


def _members(message: Message, emoji: str, most: int) -> list[str]:
    """Who has put that there, the first ones."""
    rows = Reaction.objects.filter(message=message, emoji=emoji).order_by("pk")
    return list(rows.values_list("member", flat=True)[:most])
