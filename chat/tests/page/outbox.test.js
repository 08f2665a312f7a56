import assert from "node:assert/strict";
import { test } from "node:test";
import { anOutbox, post } from "./fakes.js";

test("nothing is sent before the room knows who we are", () => {
  const { outbox, sent, states } = anOutbox();
  outbox.add(post("one"));
  const before = states();
  outbox.resume();
  assert.deepEqual([before, sent, states()], [{ n1: "waiting" }, ["n1"], { n1: "sending" }]);
});

test("at most 32 posts are unanswered and the rest follows in order", () => {
  const { outbox, sent } = anOutbox();
  outbox.resume();
  for (let i = 0; i < 40; i++) outbox.add(post("text"));
  const first = sent.length;
  outbox.accepted({ nonce: "n1", seq: 1 });
  outbox.rejected({ nonce: "n2", reason: "Too fast." });
  assert.equal(first, 32);
  assert.deepEqual(sent.slice(32), ["n33", "n34"]);
});

test("after a reconnect what was not accepted goes out again in order", () => {
  const { outbox, sent } = anOutbox();
  outbox.resume();
  for (const text of ["a", "b", "c"]) outbox.add(post(text));
  outbox.accepted({ nonce: "n2", seq: 1 });
  outbox.pause();
  outbox.add(post("d"));
  outbox.resume();
  const first = sent.slice(3);
  for (const nonce of ["n1", "n3"]) outbox.accepted({ nonce, seq: 1 });
  assert.deepEqual([first, sent.slice(3)], [["n1"], ["n1", "n3", "n4"]]);
});

test("accepted before the message stays until the message is here", () => {
  const { outbox, states } = anOutbox();
  outbox.resume();
  outbox.add(post("a"));
  outbox.accepted({ nonce: "n1", seq: 5 });
  const between = states();
  outbox.seen("n1");
  assert.deepEqual([between, states()], [{ n1: "accepted" }, {}]);
});

test("the message before accepted settles it too", () => {
  const { outbox, states } = anOutbox();
  outbox.resume();
  outbox.add(post("a"));
  outbox.seen("n1");
  outbox.reached(5);
  outbox.accepted({ nonce: "n1", seq: 5 });
  assert.deepEqual(states(), {});
});

test("accepted of a message that was removed meanwhile leaves nothing", () => {
  const { outbox, states } = anOutbox();
  outbox.resume();
  outbox.add(post("a"));
  outbox.reached(9);
  outbox.accepted({ nonce: "n1", seq: 5 });
  assert.deepEqual(states(), {});
});

test("a rejected one says why and is tried again under its nonce or discarded", () => {
  const { outbox, sent, states } = anOutbox();
  outbox.resume();
  outbox.add(post("a"));
  outbox.add(post("b"));
  outbox.rejected({ nonce: "n1", reason: "Too fast." });
  outbox.rejected({ nonce: "n2", reason: "Too fast." });
  const { state, reason } = outbox.entries[0];
  outbox.retry("n1");
  outbox.discard("n2");
  assert.equal(state, "failed");
  assert.equal(reason, "Too fast.");
  assert.deepEqual(sent, ["n1", "n2", "n1"]);
  assert.deepEqual(states(), { n1: "sending" });
});

test("a rejected one is not sent again by a reconnect", () => {
  const { outbox, sent } = anOutbox();
  outbox.resume();
  outbox.add(post("a"));
  outbox.rejected({ nonce: "n1", reason: "Too long." });
  outbox.pause();
  outbox.resume();
  assert.deepEqual(sent, ["n1"]);
});

test("what the server was too busy to try goes out again by itself in order", () => {
  const { outbox, sent, states, clock } = anOutbox();
  outbox.resume();
  for (const text of ["a", "b", "c"]) outbox.add(post(text));
  for (const nonce of ["n1", "n2"]) outbox.rejected({ nonce, code: "busy", retry_after: 2 });
  outbox.accepted({ nonce: "n3", seq: 1 });
  outbox.add(post("d"));
  const resting = [sent.slice(), states()];
  clock.pass(2.9);
  const patient = sent.length;
  clock.pass(0.2);
  for (const nonce of ["n1", "n2"]) outbox.accepted({ nonce, seq: 1 });
  assert.deepEqual(resting[0], ["n1", "n2", "n3"]);
  assert.deepEqual(resting[1], { n1: "waiting", n2: "waiting", n3: "accepted", n4: "waiting" });
  assert.equal(patient, 3);
  assert.deepEqual(sent.slice(3), ["n1", "n2", "n4"]);
});

test("the outbox keeps what is not accepted and why it failed", () => {
  const { outbox, stored } = anOutbox();
  outbox.resume();
  for (const text of ["a", "b", "c", "d"]) outbox.add(post(text));
  outbox.accepted({ nonce: "n1", seq: 1 });
  outbox.rejected({ nonce: "n2", code: "too_long", reason: "Too long." });
  outbox.discard("n3");
  assert.deepEqual(
    [...stored.values()].map(({ nonce, text, reason }) => [nonce, text, reason ?? null]),
    [
      ["n2", "b", "Too long."],
      ["n4", "d", null],
    ],
  );
});

test("adopted entries go out where they were written and failed ones stay failed", () => {
  const { outbox, sent, states, clock } = anOutbox();
  clock.pass(60);
  outbox.add(post("mine"));
  const at = (minute) => new Date(minute * 60_000).toISOString();
  outbox.adopt([
    { nonce: "later", text: "c", at: at(2) },
    { nonce: "failed", text: "a", at: at(0), reason: "Too long." },
    { nonce: "earlier", text: "b", at: at(0.5) },
  ]);
  outbox.add(post("last"));
  outbox.resume();
  for (let answered = 0; answered < 3; answered++) outbox.accepted({ nonce: sent.at(-1), seq: 1 });
  assert.deepEqual(sent, ["earlier", "n1", "later", "n2"]);
  assert.equal(states().failed, "failed");
});

test("an adopted entry whose message is here already is done", () => {
  const { outbox, states, stored } = anOutbox();
  const entry = { nonce: "said", text: "a", at: "2026-11-22T12:00:00.000Z" };
  stored.set("said", entry);
  outbox.seen("said");
  outbox.adopt([entry]);
  assert.deepEqual([states(), stored.size], [{}, 0]);
});

// A server that takes 20 in 10 seconds, and answers in order.
function answers({ outbox, sent, clock }, seconds) {
  const taken = [];
  const times = [];
  let answered = 0;
  for (let tick = 0; tick < seconds * 10; tick++) {
    clock.pass(0.1);
    while (answered < sent.length) {
      const nonce = sent[answered++];
      const recent = times.filter((time) => time > clock.now() - 10_000);
      if (recent.length < 20) {
        times.push(clock.now());
        taken.push(nonce);
        outbox.accepted({ nonce, seq: taken.length });
      } else {
        const wait = (recent.at(-20) + 10_000 - clock.now()) / 1000;
        outbox.rejected({
          nonce,
          code: "rate_limited",
          message: "Too fast.",
          reason: "Too fast. Try again.",
          retry_after: wait,
        });
      }
    }
  }
  return taken;
}

test("thirty that were written offline all go out, in order, at the pace that the server allows", () => {
  const here = anOutbox();
  for (let number = 0; number < 30; number++) here.outbox.add(post("text"));
  here.outbox.resume();
  const taken = answers(here, 30);
  assert.deepEqual(
    taken,
    Array.from({ length: 30 }, (_, index) => `n${index + 1}`),
  );
});

test("what was refused for its pace waits in a reloaded page, too", () => {
  const here = anOutbox();
  here.outbox.resume();
  here.outbox.add(post("a"));
  here.outbox.rejected({
    nonce: "n1",
    code: "slow_mode",
    message: "Slowly.",
    reason: "Slowly. Try again.",
    retry_after: 9,
  });
  const after = anOutbox();
  after.outbox.adopt([...here.stored.values()]);
  after.outbox.resume();
  assert.deepEqual(after.sent, ["n1"]);
});

for (const code of ["rate_limited", "slow_mode", "busy", "newcomer"])
  test(`what is refused as ${code} with a time to wait says so and stops what is behind it`, () => {
    const { outbox, sent, states, clock } = anOutbox();
    outbox.resume();
    outbox.add(post("a"));
    outbox.rejected({ nonce: "n1", code, message: "Not now.", retry_after: 4 });
    outbox.add(post("b"));
    const { held } = outbox.entries[0];
    assert.deepEqual([sent, states(), held], [["n1"], { n1: "waiting", n2: "waiting" }, "Not now."]);
    assert.ok(outbox.rest >= 4);
    clock.pass(8);
    assert.deepEqual([sent, outbox.rest], [["n1", "n1"], 0]);
  });

test("who is banned for a while is told and nothing goes out when the ban is over", () => {
  const { outbox, sent, states, clock } = anOutbox();
  outbox.resume();
  outbox.add(post("a"));
  outbox.rejected({
    nonce: "n1",
    code: "banned",
    message: "You are banned.",
    reason: "You are banned.",
    retry_after: 60,
  });
  clock.pass(100);
  assert.deepEqual([sent, states()], [["n1"], { n1: "failed" }]);
});

test("where nothing waits what is written goes out at once, however many are unanswered", () => {
  const { outbox, sent } = anOutbox();
  outbox.add(post("offline"));
  outbox.resume();
  outbox.accepted({ nonce: "n1", seq: 1 });
  for (const text of ["a", "b", "c"]) outbox.add(post(text));
  assert.deepEqual(sent, ["n1", "n2", "n3", "n4"]);
});

test("what is refused for its text is given back and has no second try", () => {
  const { outbox, stored } = anOutbox();
  outbox.resume();
  for (const text of ["a", "b"]) outbox.add(post(text));
  const back = outbox.rejected({ nonce: "n1", code: "invalid_text", message: "No.", reason: "No." });
  const other = outbox.rejected({ nonce: "n2", code: "read_only", message: "No.", reason: "No." });
  assert.deepEqual([back.text, back.hopeless, other.hopeless], ["a", true, undefined]);
  assert.deepEqual(
    [...stored.values()].map(({ hopeless }) => hopeless ?? false),
    [true, false],
  );
});

test("what can't be said goes out as what it stands for, from an older page, too", () => {
  const { outbox, texts } = anOutbox();
  outbox.resume();
  outbox.add(post(" one\vtwo\0 "));
  outbox.accepted({ nonce: "n1", seq: 1 });
  outbox.adopt([{ nonce: "old", text: "three\ffour", at: "2026-11-22T12:00:00.000Z" }]);
  outbox.accepted({ nonce: "old", seq: 2 });
  outbox.adopt([{ nonce: "perhaps said", text: "five\u2028six", at: "2026-11-22T12:00:01.000Z" }]);
  assert.deepEqual(texts, ["one\ntwo", "three\nfour", "five\u2028six"]);
});

test("it is known whether something would be lost with the page", () => {
  const { outbox } = anOutbox({ keeps: false });
  const before = outbox.fleeting;
  outbox.resume();
  outbox.add(post("a"));
  const unsent = outbox.fleeting;
  outbox.accepted({ nonce: "n1", seq: 5 });
  assert.deepEqual([before, unsent, outbox.fleeting], [false, true, false]);
});

const REMOVAL = { type: "remove", seq: 7 };

test("a removal waits until it is due, in the store from the first moment, and holds up nothing", () => {
  const { outbox, sent, stored, clock } = anOutbox();
  outbox.resume();
  outbox.add({ ...REMOVAL, due: 5_000 });
  outbox.add(post("b"));
  const before = [sent.slice(), stored.get("n1").due];
  clock.pass(4.9);
  const early = sent.length;
  clock.pass(0.2);
  assert.deepEqual(before, [["n2"], 5_000]);
  assert.equal(early, 1);
  assert.deepEqual(sent, ["n2", "n1"]);
});

test("a removal that is taken back in time is not sent", () => {
  const { outbox, sent, stored, clock } = anOutbox();
  outbox.resume();
  outbox.add({ ...REMOVAL, due: 5_000 });
  outbox.discard("n1");
  clock.pass(6);
  assert.deepEqual([sent, stored.size], [[], 0]);
});

test("a page that opens later sends a removal that is due, whatever the clock says", () => {
  for (const due of [-60_000, 3_600_000]) {
    const { outbox, sent } = anOutbox();
    outbox.resume();
    outbox.adopt([{ ...REMOVAL, nonce: "old", due, at: "1970-01-01T00:00:00.000Z" }]);
    assert.deepEqual(sent, ["old"]);
  }
});

test("a change is over when its number is here, and one that changed nothing at once", () => {
  const { outbox, states } = anOutbox();
  outbox.resume();
  for (const text of ["a", "b"]) outbox.add({ type: "edit", seq: 3, text });
  outbox.reached(10);
  outbox.accepted({ nonce: "n1", seq: 3, rev: 9 });
  outbox.accepted({ nonce: "n2", seq: 3, rev: 11 });
  const between = states();
  outbox.reached(11);
  assert.deepEqual([between, states()], [{ n2: "accepted" }, {}]);
});

test("of what is refused for good words stay, and what has none is gone", () => {
  const { outbox, states, stored } = anOutbox();
  outbox.resume();
  const wishes = [{ type: "edit", text: "a" }, { type: "remove" }, { type: "react", emoji: "👍", on: true }];
  for (const wish of wishes) outbox.add({ seq: 3, ...wish });
  const refused = ["n1", "n2", "n3"].map((nonce) => outbox.rejected({ nonce, code: "gone", reason: "Gone." }));
  assert.deepEqual(
    refused.map(({ type }) => type),
    ["edit", "remove", "react"],
  );
  assert.deepEqual([states(), [...stored.keys()]], [{ n1: "failed" }, ["n1"]]);
  assert.equal(outbox.changes[0].hopeless, true);
});

test("an entry of a later build is left alone", () => {
  const { outbox, sent } = anOutbox();
  outbox.resume();
  outbox.adopt([{ type: "sing", nonce: "old", at: "1970-01-01T00:00:00.000Z" }]);
  assert.deepEqual([outbox.entries, sent], [[], []]);
});
