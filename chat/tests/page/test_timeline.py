"""The client's session, timeline and history against a model of a server, in any interleaving.

The frames between them are kept back, lost, doubled and put in another order, messages change,
connections break, older pages come late, and a backup is restored. Limits are small, so that
few messages reach them.

It found that a page which missed the messages after a `hello` that begins anew kept its position
in the former history, and what it showed of that: a connection lost just then was enough. What
no page could notice is left out: one socket loses nothing, so what begins anew keeps its place.
"""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.stack("embedded")  # runs in the browser alone

LATEST = 5  # of a first join
FARTHEST = 14  # behind which a resumption is refused
FRAME = 3  # messages
PAGE = 3  # older messages
NEAR = st.integers(0, 9)
FATES = ("fine", "fine", "lost", "doubled")


def step(verb: str, *arguments: st.SearchStrategy) -> st.SearchStrategy:
    return st.tuples(st.just(verb), *arguments)


PICKS = st.lists(st.tuples(NEAR, st.sampled_from(FATES)), min_size=1, max_size=6)
TALK = step("people_talk", st.integers(1, 4))
CHANGE = step("a_message_changes", NEAR, st.sampled_from([{"removed": True}, {"text": "edited"}]))
ARRIVE = step("frames_arrive", PICKS)
STEPS = st.one_of(
    *(TALK, TALK, CHANGE, CHANGE, ARRIVE, ARRIVE, ARRIVE, ARRIVE),
    step("a_backup_is_restored", NEAR),
    step("the_server_ticks"),
    step("the_connection_breaks"),
    step("takes_another_name"),
    step("has_seen_enough", st.integers(1, 6)),
    step("reads_above", st.integers(1, 6)),
    step("scrolls_up"),
    step("older_messages_come"),
)

WORLD = """
async () => {
  const { Session } = await import("/static/chat/connection/session.js");
  const { Timeline } = await import("/static/chat/state/timeline.js");
  const { History } = await import("/static/chat/state/history.js");

  window.arrive = () => {
    let sent = [];
    let answer, looking;
    const timeline = new Timeline();
    const session = new Session({
      send: (frame) => sent.push(JSON.parse(JSON.stringify(frame))),
      name: () => undefined,
      token: () => undefined,
      epoch: "epoch 0",
      seq: 0,
      on: {
        hello() {},
        messages({ messages, from }, afresh) {
          if (afresh) timeline.start(messages, from);
          timeline.merge(messages);
        },
      },
    });
    const history = new History({
      ask: () => new Promise((resolve) => (answer = resolve)),
      clock: {},
      timeline,
      epoch: () => session.epoch,
      line: {},
      again: {},
      loaded: ({ messages, more }) => timeline.prepend(messages, more),
    });
    const acts = {
      opens: () => session.opened(),
      renames: (name) => session.rename(name),
      hears: (frames) => frames.forEach((frame) => session.receive(frame)),
      trims: (most) => timeline.trim(most),
      holds: (most) => timeline.hold(most),
      looksBack: () => void (looking = history.older()),
      seesOlder: (page) => answer({ ok: true, body: page }) ?? looking,
    };
    timeline.start([], 1);

    window.act = async (act, given) => {
      await acts[act](given);
      session.ping();
      const { seq } = sent.pop();
      const { messages: shown, floor } = timeline;
      const ceiling = Math.min(timeline.ceiling, Number.MAX_SAFE_INTEGER);
      const answers = sent;
      sent = [];
      return { seq, epoch: session.epoch, floor, ceiling, shown, answers };
    };
  };
}
"""


class Log:
    """A room's history: each event is a message in the state that it then took."""

    def __init__(self, epoch: int, events: list[dict]):
        self.epoch, self.events = f"epoch {epoch}", events

    @property
    def seq(self) -> int:
        return len(self.events)

    def say(self) -> None:
        number = self.seq + 1
        self.events.append({"seq": number, "rev": number, "by": "bob", "text": f"said {number}"})

    def change(self, seq: int, **state) -> None:
        self.events.append({"seq": seq, "rev": self.seq + 1, "by": "bob", **state})

    def at(self, rev: int) -> dict[int, dict]:
        """All messages as they were after that number."""
        return {event["seq"]: event for event in self.events[:rev]}

    def after(self, rev: int) -> list[dict]:
        """What changed since, each message once, in order of rev."""
        changed = {event["seq"]: event for event in self.events[rev:]}
        return sorted(changed.values(), key=lambda event: event["rev"])

    def shown(self, before: int | None = None) -> list[dict]:
        messages = [m for m in self.at(self.seq).values() if not m.get("removed")]
        return sorted(
            (m for m in messages if before is None or m["seq"] < before), key=lambda m: m["seq"]
        )


def frame(start: int, end: int, messages: list[dict]) -> dict:
    return {"type": "messages", "from": start, "to": end, "messages": messages}


def is_firm(frame: dict) -> bool:
    """Nothing could tell that these are missing; on one socket they can't be."""
    return frame["type"] == "hello" or (frame["type"] == "messages" and "anew" in frame)


class Server:
    """One socket of a server: `wire` is what it has said and nobody has heard yet."""

    def __init__(self, log: Log):
        self.log = log
        self.wire: list[dict] = []
        self.position: int | None = None  # what was sent; None before a join

    def publish(self) -> None:
        if self.position is not None and self.position < self.log.seq:
            self.wire += self._changes(self.position)
            self.position = self.log.seq

    def answer(self, join: dict) -> None:
        since = join.get("since")
        resumed = not since or (
            since["epoch"] == self.log.epoch and 0 <= self.log.seq - since["seq"] <= FARTHEST
        )
        hello = {"type": "hello", "epoch": self.log.epoch, "seq": self.log.seq, "resumed": resumed}
        self.wire.append(hello)
        if since:
            frames = list(self._changes(since["seq"])) if resumed else [self._latest()]
            if not resumed or not since["seq"]:
                frames[0]["anew"] = True
            self.wire += frames
            self.position = self.log.seq

    def tick(self) -> None:
        self.wire.append({"type": "tick", "epoch": self.log.epoch, "seq": self.log.seq})

    def _changes(self, since: int) -> Iterator[dict]:
        changes = self.log.after(since)
        while len(changes) > FRAME:
            taken, changes = changes[:FRAME], changes[FRAME:]
            yield frame(since + 1, taken[-1]["rev"], taken)
            since = taken[-1]["rev"]
        yield frame(since + 1, self.log.seq, changes)

    def _latest(self) -> dict:
        latest = self.log.shown()[-LATEST:]
        start = latest[0]["seq"] if latest else self.log.seq + 1
        return frame(start, self.log.seq, sorted(latest, key=lambda m: m["rev"]))


class Reader:
    """Somebody whose page is kept as it should be, whatever the network does."""

    def __init__(self, page):
        self.page = page
        self.epochs = 0
        self.server = Server(Log(0, []))
        self.older: dict | None = None
        self.starts_afresh = False
        page.evaluate("arrive()")
        self.acts("opens")

    @property
    def log(self) -> Log:
        return self.server.log

    # --- The room --------------------------------------------------------------------------------
    def people_talk(self, count):
        for _ in range(count):
            self.log.say()
        self.server.publish()

    def a_message_changes(self, back, state):
        said = sorted(self.log.at(self.log.seq))
        if not said:
            return
        self.log.change(said[-1 - back % len(said)], **state)
        self.server.publish()

    def a_backup_is_restored(self, kept):
        self.epochs += 1
        events = self.log.events[: max(0, self.log.seq - kept)]
        self.server = Server(Log(self.epochs, events))
        self.acts("opens")

    # --- The network -----------------------------------------------------------------------------
    def frames_arrive(self, picks):
        """In any order, some never, some once more later; what begins anew keeps its place."""
        frames, wire = [], self.server.wire
        for at, fate in picks:
            if not wire:
                break
            firm = [*(i for i, frame in enumerate(wire) if is_firm(frame)), len(wire)][0]
            if not firm:
                frames.append(wire.pop(0))
                continue
            at %= firm
            if fate != "lost":
                frames.append(wire[at])
            if fate != "doubled":
                del wire[at]
        self.hears(frames)

    def the_server_ticks(self):
        self.server.tick()

    def the_connection_breaks(self):
        self.server = Server(self.log)
        self.acts("opens")

    # --- The reader ------------------------------------------------------------------------------
    def takes_another_name(self):
        self.acts("renames", "Ada")

    def has_seen_enough(self, most):
        self.acts("trims", most)

    def reads_above(self, most):
        """And the latest are not appended any more."""
        self.acts("holds", most)

    def scrolls_up(self):
        if self.older:
            return
        floor = self.acts("looksBack")["floor"]
        if floor > 1:
            found = self.log.shown(before=floor)
            page = {"messages": found[-PAGE:], "more": len(found) > PAGE}
            self.older = {"epoch": self.log.epoch, **page}

    def older_messages_come(self):
        if self.older:
            page, self.older = self.older, None
            self.acts("seesOlder", page)

    def gets_it_all(self):
        """Everything arrives, and the ticks tell whether that was all."""
        for _ in range(3):
            self.server.tick()
            while self.server.wire:
                frames, self.server.wire = self.server.wire, []
                view = self.hears(frames)
        view = self.acts("trims", 1000)
        assert (view["epoch"], view["seq"]) == (self.log.epoch, self.log.seq)
        shown = [message for message in self.log.shown() if message["seq"] >= view["floor"]]
        assert view["shown"] == shown

    # --- How -------------------------------------------------------------------------------------
    def hears(self, frames: list[dict]) -> dict:
        for heard in frames:
            if heard["type"] == "hello" and not heard["resumed"]:
                self.starts_afresh = True
            elif heard["type"] == "messages":
                self.starts_afresh = False
        return self.acts("hears", frames)

    def acts(self, act: str, given: object = None) -> dict:
        view = self.page.evaluate("([act, given]) => window.act(act, given)", [act, given])
        for join in view["answers"]:
            self.server.answer(join)
        if view["epoch"] == self.log.epoch and not self.starts_afresh:
            self.is_as_its_position_says(view)
        return view

    def is_as_its_position_says(self, view: dict) -> None:
        """In order, each once; and exact in all that has not changed again since."""
        seqs = [message["seq"] for message in view["shown"]]
        assert seqs == sorted(set(seqs))
        shown = {message["seq"]: message for message in view["shown"]}
        now = self.log.at(self.log.seq)
        for seq, message in self.log.at(view["seq"]).items():
            if view["floor"] <= seq <= view["ceiling"] and message == now[seq]:
                assert shown.get(seq) == (None if message.get("removed") else message)


@pytest.fixture(scope="module")
def page(browser, site):
    page = browser.new_page()
    page.goto(site.url)
    page.evaluate(WORLD)
    yield page
    page.close()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=40, max_size=40))
def test_whatever_the_network_does_the_page_shows_what_the_room_shows(page, steps):
    reader = Reader(page)
    for verb, *arguments in steps:
        getattr(reader, verb)(*arguments)
    reader.gets_it_all()
