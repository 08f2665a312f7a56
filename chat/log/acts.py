"""Acts on many messages: what is to be done is stored first, then done a part at a time.

A part is one transaction, short enough that nobody's post waits for it. The verb that begins an
act does the first one, with the newest messages; the relays do the rest (chat/relay/acts.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from chat.log import change
from chat.models import Act, Message, Pending

PART = 500  # messages
ROWS = 5000  # of one INSERT

Hide, Restore = Act.What.HIDE, Act.What.RESTORE
OPPOSITE: dict[str, Act.What] = {Hide: Restore, Restore: Hide}
STATE: dict[str, bool] = {
    Hide: True,
    Restore: False,
}  # whether it is for messages that are not hidden
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
    return go_on(act) or []  # it is new, so nobody else is at it


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
