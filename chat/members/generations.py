"""Which cookies and tokens of a member are still good: those of its last generation.

Whoever has lost a browser, or left one signed in elsewhere, moves on to the next generation: what
was given before is nobody's. Each process has in memory those who have ever done that.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from chat.log import head
from chat.models import Member

AGE = 400 * 24 * 3600  # seconds that a cookie is good; browsers keep none longer (RFC 6265bis)
SLACK = timedelta(minutes=10)  # far more than clocks differ (relay/seal.py) and a renewal takes


class Generations:
    """By member id, the generation that is good; 0 for all who are not among them."""

    def __init__(self) -> None:
        self._current: dict[str, int] = {}

    def learn(self, found: dict[str, int], *, anew: bool = True) -> set[str]:
        """What `read` has found is in force from now on: `anew`, or besides what was before.

        Returns the members that have another generation than before.
        """
        before = self._current
        self._current = found if anew else before | found
        return {member for member, number in found.items() if before.get(member, 0) != number}

    def revoked(self, member_id: str, generation: int) -> bool:
        """Whether it is an earlier one. A later one is ours, too: we have not heard of it yet."""
        return generation < self._current.get(member_id, 0)


generations = Generations()  # of this process


def read(since: datetime | None = None) -> dict[str, int]:
    """The members with a generation other than the first; at least those that have had it `since`
    then. Blocks.

    Not those who were last seen before a cookie's age: what was good before is too old by itself.
    """
    seen = timezone.now() - timedelta(seconds=AGE)
    if since:
        seen = max(seen, since - SLACK)
    renewed = Member.objects.filter(generation__gt=0, last_seen_at__gt=seen)
    return dict(renewed.values_list("id", "generation"))


@transaction.atomic
def renew(member_id: str) -> int | None:
    """Make everything that was given to a member so far nobody's; returns the new generation.

    None, and nothing is written, where the member was never written down: they have no name, and
    have said nothing, so to be somebody else is as good. Blocks. It is in force in every process
    when that next looks at the log's version.
    """
    now = timezone.now()  # `read` goes by it
    member = Member.objects.filter(id=member_id)
    if not member.update(generation=F("generation") + 1, last_seen_at=now):
        return None
    head.touch()
    return Member.objects.values_list("generation", flat=True).get(id=member_id)
