"""Two processes, a group that loses and doubles, people who come and go: in every order.

The log and its buffers are the product's, on a real database; only the sockets, the group and the
loop between them are played here, so that Hypothesis can choose what happens next.
"""

import json

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from chat.log import acts, append, head, read
from chat.log.batch import Batch
from chat.log.entries import Change, Draft, Stored
from chat.log.reorder import ReorderBuffer
from chat.log.replay import LATEST, ReplayBuffer
from chat.models import Act, Log, Message, Pending, Reaction
from chat.protocol import bounds
from chat.protocol.incoming import Edit, React, Remove

REPLAYED = 8  # messages: few, so that people are often away for longer
PART = 2  # messages: few, so that acts are often open
FRAME = 3  # messages: few, so that a look at the log ends in the middle of somebody's batch
PROCESSES = st.integers(0, 1)
PEOPLE = st.integers(0, 3)
PICK = st.integers(0, 1000)  # one of those there are
WISHES = [
    lambda nonce, seq: Edit(nonce, seq, "edited"),
    lambda nonce, seq: Edit(nonce, seq, "edited again"),
    lambda nonce, seq: React(nonce, seq, "🎉", True),
    lambda nonce, seq: React(nonce, seq, "🎉", False),
    lambda nonce, seq: React(nonce, seq, "👍", True),
    Remove,
]


class Person:
    """A client: what it shows, by seq, and where it stands. Without a `process` it is away."""

    def __init__(self):
        self.position: int | None = None
        self.process: Process | None = None
        self.began = 0  # what came after that number it must have seen
        self.shows: dict[int, dict] = {}

    def takes(self, batch: Batch) -> None:
        assert batch.start == self.position + 1, f"a gap: at {self.position}, then {batch}"
        messages = [json.loads(event.encoded) for event in batch.events]
        revs = [message["rev"] for message in messages]
        assert revs == sorted(set(revs))
        self.shows |= {message["seq"]: message for message in messages}
        self.position = batch.end


class Process:
    """What the relay does with hints, with its looks at the log, and with those who join."""

    def __init__(self):
        self.people: set[Person] = set()
        now = head.read_head()
        events, floor = read.recent(now, REPLAYED)
        replay = ReplayBuffer(
            *(now.epoch, now.seq, events, read.latest(2 * LATEST)), floor=floor, most=REPLAYED
        )
        self.reorder = ReorderBuffer(replay, self._tell)

    def _tell(self, batch: Batch) -> None:
        for person in self.people:
            person.takes(batch)

    def looks(self) -> None:
        replay, now = self.reorder.replay, head.read_head()
        while replay.seq < now.seq:
            for batch in read.after(replay.seq):
                self.reorder.receive(batch)
        if replay.short:
            replay.refill(read.latest(2 * LATEST))

    def welcomes(self, person: Person) -> None:
        replay = self.reorder.replay
        if person.position is not None and person.position > replay.seq:
            self.looks()  # it has been told of more by the other process
        missed = None if person.position is None else replay.after(person.position)
        if afresh := missed is None:
            missed = replay.latest()
            person.shows, person.position, person.began = {}, missed[0].start - 1, replay.seq
        for batch in missed:
            person.takes(batch)
        if afresh:
            assert not any("removed" in message for message in person.shows.values())
        person.process = self
        self.people.add(person)


class Room(RuleBasedStateMachine):
    """`history` has every change there was, by number: what anybody may be shown."""

    @initialize()
    def begin(self):
        Message.objects.all().delete()
        Act.objects.all().delete()
        Log.objects.update(seq=0)
        self.history: dict[int, dict] = {}
        self.stored: dict[str, tuple[str, int]] = {}  # nonce: text and seq
        self.altered: set[int] = set()  # seqs: what was first said there is not known any more
        self.wanted: dict[int, str] = {}  # seq: what the last act was to do with it
        self.processes = [Process(), Process()]
        self.people = [Person() for _ in range(4)]
        self.hints: list[tuple[int, Batch]] = []  # on their way to that process

    # --- what is said, and taken away ------------------------------------------------------------
    @rule(
        process=PROCESSES,
        posts=st.lists(
            st.tuples(st.integers(0, 12), st.sampled_from("xxxy")), min_size=1, max_size=5
        ),
        answered=st.booleans(),
    )
    def posts(self, process, posts, answered):
        """New ones, retries, and other texts under used nonces. Where the answer is lost, the
        process knows nothing of what it has stored, and does it again."""
        drafts = [Draft("ada", "Ada", f"nonce-{number:04}", text) for number, text in posts]
        if not answered:
            append.store(drafts)
        outcomes, batches = append.store(drafts)
        for draft, outcome in zip(drafts, outcomes, strict=True):
            seq = getattr(outcome, "seq", None)
            text, known = self.stored.setdefault(draft.nonce, (draft.text, seq))
            assert seq == (known if text == draft.text or known in self.altered else None)
        self._happened()
        self._publish(process, batches)

    @precondition(lambda self: self.stored)
    @rule(
        process=PROCESSES,
        wishes=st.lists(
            st.tuples(PICK, st.sampled_from(["ada", "bob"]), st.sampled_from(WISHES)),
            min_size=1,
            max_size=5,
        ),
        answered=st.booleans(),
    )
    def changes(self, process, wishes, answered):
        """Edits, removals and reactions, among them such as may not be. Where the answer is lost,
        the process does them again."""
        known = sorted({message["seq"] for message in self.history.values()})
        entries = [
            Change(member, make(f"nonce-{number:04}", known[pick % len(known)]))
            for number, (pick, member, make) in enumerate(wishes)
        ]
        if not answered:
            append.store(entries)
            self._happened()
        outcomes, batches = append.store(entries)
        self._happened()
        revs = {message["seq"]: rev for rev, message in self.history.items()}
        for entry, outcome in zip(entries, outcomes, strict=True):
            if isinstance(outcome, Stored):
                assert (outcome.seq, outcome.rev) == (entry.what.seq, revs[entry.what.seq])
        as_said = Message.objects.filter(edited_at=None, removed_at=None)
        self.altered = revs.keys() - set(as_said.values_list("seq", flat=True))
        self._publish(process, batches)

    def _publish(self, process: int, batches: list[Batch]) -> None:
        for batch in batches:
            self.processes[process].reorder.receive(batch)
            self.hints += [(0, batch), (1, batch)]

    @precondition(lambda self: self.stored)
    @rule(picks=st.lists(PICK, min_size=1, max_size=8), restores=st.booleans())
    def moderates(self, picks, restores):
        """An act, of which the first part is done; what it wants stands until the next one."""
        known = sorted({message["seq"] for message in self.history.values()})
        chosen = Message.objects.filter(seq__in={known[pick % len(known)] for pick in picks})
        what = Act.What.RESTORE if restores else Act.What.HIDE
        self.wanted |= dict.fromkeys(chosen.values_list("seq", flat=True), what)
        acts.begin(Act(what=what, by="mod"), acts.plan(what, chosen))
        self._happened()

    @rule()
    def goes_on(self):
        """Whichever process it is that does the next part of the oldest open act."""
        if act := Act.objects.filter(done_at=None).order_by("pk").first():
            acts.go_on(act)
            self._happened()

    def _happened(self) -> None:
        for message in Message.objects.filter(rev__gt=len(self.history)).order_by("rev"):
            assert message.rev == len(self.history) + 1, "the counter left a number out"
            self.history[message.rev] = json.loads(message.encoded())

    # --- what reaches the processes --------------------------------------------------------------
    @precondition(lambda self: self.hints)
    @rule(pick=PICK, times=st.sampled_from([0, 1, 1, 2]))
    def one_of_the_hints_arrives(self, pick, times):
        process, batch = self.hints.pop(pick % len(self.hints))
        for _ in range(times):
            self.processes[process].reorder.receive(Batch.of_hint(batch.as_hint()))

    @rule(process=PROCESSES)
    def looks(self, process):
        self.processes[process].looks()

    @rule(process=PROCESSES)
    def restarts(self, process):
        for person in self.processes[process].people:
            person.process = None
        self.processes[process] = Process()

    # --- people ----------------------------------------------------------------------------------
    @rule(who=PEOPLE, process=PROCESSES)
    def comes(self, who, process):
        self.goes(who)
        self.processes[process].welcomes(self.people[who])

    @rule(who=PEOPLE)
    def goes(self, who):
        person = self.people[who]
        if person.process:
            person.process.people.discard(person)
            person.process = None

    # --- what must be so -------------------------------------------------------------------------
    @invariant()
    def who_is_here_sees_what_is_so(self):
        for person in getattr(self, "people", []):
            if person.process:
                self._sees_what_is_so(person)

    def _sees_what_is_so(self, person: Person) -> None:
        """Each message as it was when the counter stood where this person does."""
        now = {m["seq"]: m for rev, m in self.history.items() if rev <= person.position}
        assert person.shows == {seq: now[seq] for seq in person.shows}
        missing = {seq for seq, m in now.items() if m["rev"] > person.began} - set(person.shows)
        assert not missing

    def teardown(self):
        if not hasattr(self, "history"):
            return
        while Act.objects.filter(done_at=None).exists():
            self.goes_on()
        assert not Pending.objects.exists()
        there = Message.objects.filter(removed_at=None)
        hidden = there.exclude(hidden_at=None).values_list("seq", flat=True)
        wanted = [seq for seq, what in self.wanted.items() if what == Act.What.HIDE]
        assert set(hidden) == set(there.filter(seq__in=wanted).values_list("seq", flat=True))
        self._reactions_are_told_as_they_are()
        assert head.read_head().seq == len(self.history)
        assert sorted(Message.objects.values_list("seq", "rev")) == sorted(
            (message["seq"], message["rev"])
            for message in {m["seq"]: m for m in self.history.values()}.values()
        )
        for who, person in enumerate(self.people):
            self.comes(who, who % 2)
            self.processes[who % 2].looks()
            assert person.position == len(self.history)
            self._sees_what_is_so(person)

    def _reactions_are_told_as_they_are(self) -> None:
        for message in Message.objects.all():
            rows = Reaction.objects.filter(message=message).order_by("pk")
            told = {one["emoji"]: one["by"] for one in message.reactions or []}
            assert sorted(rows.values_list("emoji", "member")) == sorted(
                (emoji, member) for emoji, members in told.items() for member in members
            )


def test_whatever_happens_in_whatever_order_everybody_sees_what_is_so(db, length, monkeypatch):
    monkeypatch.setattr(bounds, "BATCH_MESSAGES", FRAME)
    monkeypatch.setattr(acts, "PART", PART)
    run_state_machine_as_test(
        Room,
        settings=settings(
            deadline=None,
            max_examples=length(short=40, full=300),
            stateful_step_count=40,
            suppress_health_check=list(HealthCheck),
        ),
    )
