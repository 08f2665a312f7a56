"""Who is new here: who has said nothing yet, or their first word only a while ago.

Known is what this process remembers. After a restart all are new for as long; that binds only those
at addresses where many are, in slow mode or under pressure.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

NEW = 600.0  # seconds after the first accepted message
REMEMBERED = 100_000  # members, some 20 MB


class Newcomers:
    """By a clock that is never set. Who has said nothing for longest is forgotten first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._since: OrderedDict[str, float] = OrderedDict()

    def spoke(self, member_id: str) -> None:
        """A message of theirs was accepted."""
        self._since.setdefault(member_id, self._clock())
        self._since.move_to_end(member_id)
        if len(self._since) > REMEMBERED:
            self._since.popitem(last=False)

    def __contains__(self, member_id: str) -> bool:
        since = self._since.get(member_id)
        return since is None or self._clock() < since + NEW


newcomers = Newcomers()
