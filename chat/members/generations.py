"""Which cookies and tokens of a member are still good: those of its last generation.

Whoever has lost a browser, or left one signed in elsewhere, moves on to the next generation: what
was given before is nobody's. Each process has in memory those who have ever done that.
"""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from chat.log import head
from chat.models import Member


class Generations:
    """By member id, the generation that is good; 0 for all who are not among them."""

    def __init__(self) -> None:
        self._current: dict[str, int] = {}

    def learn(self, current: dict[str, int]) -> None:
        """What `read` has found is in force from now on."""
        self._current = current

    def revoked(self, member_id: str, generation: int) -> bool:
        """Whether it is an earlier one. A later one is ours, too: we have not heard of it yet."""
        return generation < self._current.get(member_id, 0)


generations = Generations()  # of this process


def read() -> dict[str, int]:
    """The members with a generation other than the first. Blocks."""
    return dict(Member.objects.filter(generation__gt=0).values_list("id", "generation"))


@transaction.atomic
def renew(member_id: str) -> int:
    """Make everything that was given to a member so far nobody's; returns the new generation.

    Blocks. It is in force in every process when that next looks at the log's version.
    """
    now = timezone.now()
    Member.objects.get_or_create(id=member_id, defaults={"held_until": now, "last_seen_at": now})
    Member.objects.filter(id=member_id).update(generation=F("generation") + 1)
    head.touch()
    return Member.objects.values_list("generation", flat=True).get(id=member_id)
