"""Acts on many messages: what is to be done is stored first, then done a part at a time.

A part is one transaction, short enough that nobody's post waits for it. The verb that begins an
act does the first one, with the newest messages; the relays do the rest, slowly enough for sockets
and replay buffers. An act that is begun is finished, whatever becomes of the process that does it.
"""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from chat.log import change
from chat.models import Act, Message, Pending
from chat.relay.threads import Threads

PART = 500  # messages
PAUSE = 0.5  # seconds between two parts
LOOK = 3.0  # seconds between two looks for acts that were begun, where no hint has come
PATIENCE = 3.0  # seconds without a part, after which another process goes on
ROWS = 5000  # of one INSERT
logger = logging.getLogger(__name__)

Hide, Restore = Act.What.HIDE, Act.What.RESTORE
OPPOSITE = {Hide: Restore, Restore: Hide}
STATE = {Hide: True, Restore: False}  # whether it is for messages that are not hidden
DO: dict[str, Callable[[QuerySet[Message], Act], list[int]]] = {
    Hide: lambda messages, act: change.hide(messages, act.by),
    Restore: lambda messages, act: change.restore(messages),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What an act is to change, oldest first, and the open acts that it takes messages from."""

    seqs: Sequence[int]
    against: Sequence[int]


def plan(what: str, messages: QuerySet[Message]) -> Plan:
    """To be made before the transaction: to search a long history takes a while.

    Where an open act is about to do the opposite, whatever it has not come to counts as done.
    """
    against = list(
        Act.objects.filter(done_at=None, what=OPPOSITE[what]).values_list("pk", flat=True)
    )
    # In one statement: an act may go on meanwhile, and a message is pending or has changed.
    others = Pending.objects.filter(seq=OuterRef("seq"), act__in=against)
    wanted = Q(hidden_at__isnull=STATE[what]) | Exists(others)
    chosen = messages.filter(wanted, removed_at=None).order_by("seq")
    return Plan(list(chosen.values_list("seq", flat=True)), against)


@transaction.atomic
def begin(act: Act, plan: Plan) -> list[int]:
    """Store what `act` is to do, and do the first part. Returns the seqs that have changed."""
    # Locks are taken in one order everywhere: acts, what they have pending, the log.
    list(Act.objects.select_for_update().filter(pk__in=plan.against).order_by("pk"))
    act.save()
    with connection.cursor() as cursor:
        for first in range(0, len(plan.seqs), ROWS):
            rows = ", ".join(f"({seq}, {act.pk})" for seq in plan.seqs[first : first + ROWS])
            cursor.execute(f"INSERT INTO chat_pending (seq, act_id) VALUES {rows}")
    mine = Pending.objects.filter(act=act).values("seq")
    Pending.objects.filter(act__in=plan.against, seq__in=mine).delete()
    return go_on(act)


@transaction.atomic
def go_on(act: Act, lease: str = "") -> list[int] | None:
    """Do the next part of `act`, the newest messages first; returns the seqs that have changed.

    From then on `act` is held under `lease`. None where that of `act` is not the latest: another
    process is at it. (That would do no harm, beyond being quick.)
    """
    if not Act.objects.filter(pk=act.pk, done_at=None, lease=act.lease).update(lease=lease):
        return None
    pending = Pending.objects.filter(act=act)
    part = list(pending.order_by("-seq").values_list("seq", flat=True)[: PART + 1])
    last, part = len(part) <= PART, part[:PART]
    pending.filter(seq__in=part).delete()
    changed = DO[act.what](Message.objects.filter(seq__in=part), act) if part else []
    act.lease = lease
    act.changed += len(changed)
    act.done_at = timezone.now() if last else None
    act.save(update_fields=["changed", "done_at"])
    return changed


class Acts:
    """Finishes what was begun, in one process at a time: that whose part was the latest.

    Clocks of several machines differ, so a lease has no end that is written down. It changes with
    each part, and whoever sees the same one for `PATIENCE` by its own clock takes it over.
    """

    def __init__(
        self,
        threads: Threads,
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ):
        """`changed` is called after each part, in the loop."""
        self._threads, self._changed, self._clock = threads, changed, clock
        self._nudged = asyncio.Event()
        self._mine = ""
        self._seen: tuple[int, str] | None = None  # the oldest open act, and its lease
        self._since = 0.0
        self._failing = False
        self.tasks = (self._finish,)

    def nudge(self) -> None:
        """An act may have been begun: look now, not at the next turn."""
        self._nudged.set()

    async def _finish(self) -> None:
        while True:
            self._nudged.clear()
            if await self._try():
                self._changed()
                await asyncio.sleep(PAUSE)
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._nudged.wait(), LOOK)

    async def _try(self) -> bool:
        """`turn`, in a thread; whatever happens to the database."""
        try:
            done = await self._threads.run(self.turn)
        except DatabaseError as error:
            if self._seen and not self._failing:  # one line an outage
                logger.warning("an act of a moderator has to wait: %s", error)
            self._failing = True
            return False
        self._failing = False
        return done

    def turn(self) -> bool:
        """Do a part of the oldest open act, where it is this process's turn. Blocks."""
        act = Act.objects.filter(done_at=None).order_by("pk").first()
        if act is None:
            self._seen = None
            return False
        now = self._clock()
        if self._seen != (act.pk, act.lease):
            self._seen, self._since = (act.pk, act.lease), now
        if act.lease not in ("", self._mine) and now < self._since + PATIENCE:
            return False
        lease = secrets.token_hex(8)
        if go_on(act, lease) is None:
            return False
        self._mine = lease
        return True
