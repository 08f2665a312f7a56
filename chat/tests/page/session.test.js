import assert from "node:assert/strict";
import { test } from "node:test";
import { aSession, HELLO, wire } from "./fakes.js";

test("the first join goes on from the position of the page", () => {
  assert.deepEqual(wire(aSession("Ada").sent), [{ type: "join", name: "Ada", since: { epoch: "e", seq: 10 } }]);
});

test("a gap is noticed and asked for once", () => {
  const { session, sent, taken, hears } = aSession();
  session.receive(HELLO);
  hears("messages", 11, 12);
  hears("messages", 15, 15);
  hears("messages", 16, 16);
  session.receive(HELLO);
  hears("messages", 13, 16);
  const result = wire({ joins: sent.slice(1), taken });
  assert.deepEqual(result.joins, [{ type: "join", since: { epoch: "e", seq: 12 } }]);
  assert.deepEqual(result.taken, [[12, false], [16, false]]);
});

test("what comes twice does not set the position back", () => {
  const { session, sent, hears } = aSession();
  session.receive(HELLO);
  hears("messages", 11, 14);
  hears("messages", 11, 12);
  session.ping();
  assert.deepEqual(wire(sent.at(-1)), { type: "ping", seq: 14 });
});

test("a resumption that failed begins anew", () => {
  const { session, taken, hears } = aSession();
  session.receive({ ...HELLO, epoch: "other", resumed: false });
  hears("messages", 1, 3);
  hears("messages", 4, 4);
  assert.deepEqual(wire([taken, session.epoch]), [[[3, true], [4, false]], "other"]);
});

test("a connection lost while it begins anew begins anew on the next", () => {
  const { session, sent, taken, hears } = aSession();
  session.receive({ ...HELLO, epoch: "other", resumed: false });
  session.opened();
  session.receive({ ...HELLO, epoch: "other" });
  hears("messages", 1, 12);
  const result = wire({ since: sent.at(-1).since, taken });
  assert.deepEqual(result, { since: { epoch: "other", seq: 0 }, taken: [[12, true]] });
});

test("what a tick promises is fetched if it is not here by the next", () => {
  const { session, sent, hears } = aSession();
  session.receive(HELLO);
  hears("tick", 0, 12);
  const patient = sent.length;
  hears("tick", 0, 12);
  assert.deepEqual(wire([patient, sent.length]), [1, 2]);
});

test("a tick of another epoch makes it join again", () => {
  const { session, sent } = aSession();
  session.receive(HELLO);
  session.receive({ type: "tick", epoch: "other", seq: 10 });
  assert.deepEqual(wire(sent.length), 2);
});

test("a name waits for the answer to the join before", () => {
  const { session, sent } = aSession();
  session.rename("Ada");
  const before = sent.length;
  session.receive(HELLO);
  assert.deepEqual(wire([before, sent[1]]), [1, { type: "join", name: "Ada" }]);
});

test("a name given without a connection goes along with the next join", () => {
  const { session, sent } = aSession("Ada");
  session.rename("Countess");
  session.opened();
  session.receive(HELLO);
  session.opened();
  assert.deepEqual(wire(sent.map(({ name }) => name)), ["Ada", "Countess", "Ada"]);
});

test("a first join that was not tried comes back by itself", () => {
  const { session, errors, drops } = aSession("Ada");
  const error = { type: "error", for: "join", code: "rate_limited", retry_after: 3 };
  session.receive(error);
  const result = wire({ errors, wait: drops[0].retry_after });
  assert.deepEqual(result, { errors: [], wait: 3 });
});
