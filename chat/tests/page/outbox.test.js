import assert from "node:assert/strict";
import { test } from "node:test";
import { anOutbox, message, wire } from "./fakes.js";

test("nothing is sent before the room knows who we are", () => {
  const { outbox, sent, states } = anOutbox();
  outbox.add("one");
  const before = states();
  outbox.resume();
  assert.deepEqual(wire([before, sent, states()]), [{ n1: "waiting" }, ["n1"], { n1: "sending" }]);
});

test("at most 32 posts are unanswered and the rest follows in order", () => {
  const { outbox, sent } = anOutbox();
  outbox.resume();
  for (let i = 0; i < 40; i++) outbox.add("text");
  const first = sent.length;
  outbox.accepted({ nonce: "n1", seq: 1 });
  outbox.rejected({ nonce: "n2", reason: "Too fast." });
  const result = wire({ first, then: sent.slice(32) });
  assert.deepEqual(result, { first: 32, then: ["n33", "n34"] });
});

test("after a reconnect what was not accepted goes out again in order", () => {
  const { outbox, sent } = anOutbox();
  outbox.resume();
  for (const text of ["a", "b", "c"]) outbox.add(text);
  outbox.accepted({ nonce: "n2", seq: 1 });
  outbox.pause();
  outbox.add("d");
  outbox.resume();
  assert.deepEqual(wire(sent), ["n1", "n2", "n3", "n1", "n3", "n4"]);
});

test("accepted before the message stays until the message is here", () => {
  const { outbox, states } = anOutbox();
  outbox.resume();
  outbox.add("a");
  outbox.accepted({ nonce: "n1", seq: 5 });
  const between = states();
  outbox.seen("n1");
  assert.deepEqual(wire([between, states()]), [{ n1: "accepted" }, {}]);
});

test("the message before accepted settles it too", () => {
  const { outbox, states } = anOutbox();
  outbox.resume();
  outbox.add("a");
  outbox.seen("n1");
  outbox.reached(5);
  outbox.accepted({ nonce: "n1", seq: 5 });
  assert.deepEqual(wire(states()), {});
});

test("accepted of a message that was removed meanwhile leaves nothing", () => {
  const { outbox, states } = anOutbox();
  outbox.resume();
  outbox.add("a");
  outbox.reached(9);
  outbox.accepted({ nonce: "n1", seq: 5 });
  assert.deepEqual(wire(states()), {});
});

test("a rejected one says why and is tried again under its nonce or discarded", () => {
  const { outbox, sent, states } = anOutbox();
  outbox.resume();
  outbox.add("a");
  outbox.add("b");
  outbox.rejected({ nonce: "n1", reason: "Too fast." });
  outbox.rejected({ nonce: "n2", reason: "Too fast." });
  const { state, reason } = outbox.entries[0];
  outbox.retry("n1");
  outbox.discard("n2");
  const result = wire({ state, reason, sent, states: states() });
  assert.deepEqual(result.state, "failed");
  assert.deepEqual(result.reason, "Too fast.");
  assert.deepEqual(result.sent, ["n1", "n2", "n1"]);
  assert.deepEqual(result.states, { n1: "sending" });
});

test("a rejected one is not sent again by a reconnect", () => {
  const { outbox, sent } = anOutbox();
  outbox.resume();
  outbox.add("a");
  outbox.rejected({ nonce: "n1", reason: "Too long." });
  outbox.pause();
  outbox.resume();
  assert.deepEqual(wire(sent), ["n1"]);
});

test("what the server was too busy to try goes out again by itself in order", () => {
  const { outbox, sent, states, clock } = anOutbox();
  outbox.resume();
  for (const text of ["a", "b", "c"]) outbox.add(text);
  for (const nonce of ["n1", "n2"]) outbox.rejected({ nonce, code: "busy", retry_after: 2 });
  outbox.accepted({ nonce: "n3", seq: 1 });
  outbox.add("d");
  const resting = [sent.slice(), states()];
  clock.pass(2.9);
  const patient = sent.length;
  clock.pass(0.2);
  const result = wire({ resting, patient, then: sent.slice(3) });
  assert.deepEqual(result.resting[0], ["n1", "n2", "n3"]);
  assert.deepEqual(result.resting[1], { n1: "waiting", n2: "waiting", n3: "accepted", n4: "waiting" });
  assert.deepEqual(result.patient, 3);
  assert.deepEqual(result.then, ["n1", "n2", "n4"]);
});

test("the outbox keeps what is not accepted and why it failed", () => {
  const { outbox, stored } = anOutbox();
  outbox.resume();
  for (const text of ["a", "b", "c", "d"]) outbox.add(text);
  outbox.accepted({ nonce: "n1", seq: 1 });
  outbox.rejected({ nonce: "n2", code: "too_long", reason: "Too long." });
  outbox.discard("n3");
  assert.deepEqual(wire([...stored.values()].map(({ nonce, text, reason }) => [nonce, text, reason ?? null])), [["n2", "b", "Too long."], ["n4", "d", null]]);
});

test("adopted entries go out where they were written and failed ones stay failed", () => {
  const { outbox, sent, states, clock } = anOutbox();
  clock.pass(60);
  outbox.add("mine");
  const at = (minute) => new Date(minute * 60_000).toISOString();
  outbox.adopt([
    { nonce: "later", text: "c", at: at(2) },
    { nonce: "failed", text: "a", at: at(0), reason: "Too long." },
    { nonce: "earlier", text: "b", at: at(0.5) },
  ]);
  outbox.add("last");
  outbox.resume();
  const result = wire({ sent, states: states() });
  assert.deepEqual(result.sent, ["earlier", "n1", "later", "n2"]);
  assert.deepEqual(result.states.failed, "failed");
});

test("an adopted entry whose message is here already is done", () => {
  const { outbox, states, stored } = anOutbox();
  const entry = { nonce: "said", text: "a", at: "2026-11-22T12:00:00.000Z" };
  stored.set("said", entry);
  outbox.seen("said");
  outbox.adopt([entry]);
  assert.deepEqual(wire([states(), stored.size]), [{}, 0]);
});
