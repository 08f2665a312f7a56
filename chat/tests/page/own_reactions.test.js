import assert from "node:assert/strict";
import { test } from "node:test";
import { inWords } from "../../../static/chat/messages/names.js";
import { OwnReactions } from "../../../static/chat/state/own_reactions.js";
import { aServer, Clock, message, settled } from "./fakes.js";

function someOwn() {
  const clock = new Clock();
  const { ask, requests } = aServer(clock);
  let changes = 0;
  const own = new OwnReactions({ ask, clock, me: () => "ada", changed: () => changes++ });
  return { own, requests, changes: () => changes };
}
const FIVE = ["b", "c", "d", "e", "f"];

test("where all are named nobody is asked", async () => {
  const { own, requests } = someOwn();
  const has = (by) => own.has(message(1), { emoji: "👍", count: by.length, by });
  assert.deepEqual([has(["bob", "ada"]), has(["bob"])], [true, false]);
  await settled();
  assert.equal(requests.length, 0);
});

test("where more have reacted than are named the server is asked once for all of them", async () => {
  const { own, requests, changes } = someOwn();
  const has = (seq, emoji) => own.has(message(seq), { emoji, count: 9, by: FIVE });
  const before = [has(1, "👍"), has(2, "👍")];
  await settled();
  requests[0].answer(200, [{ seq: 2, emoji: ["👍"] }]);
  await settled();
  assert.deepEqual(before, [false, false]);
  assert.deepEqual([has(1, "👍"), has(2, "👍"), changes()], [false, true, 1]);
  await settled();
  assert.deepEqual(
    requests.map(({ path }) => path),
    ["/api/reactions?mine=1,2"],
  );
});

test("what is done here is followed", () => {
  const { own } = someOwn();
  const has = () => own.has(message(1), { emoji: "👍", count: 9, by: FIVE });
  const before = own.version;
  own.did({ seq: 1, emoji: "👍", on: true });
  const on = has();
  own.did({ seq: 1, emoji: "👍", on: false });
  assert.deepEqual([on, has(), own.version - before], [true, false, 2]);
});

test("names are listed, and counted where they are many", () => {
  const people = (...names) => names.map((name) => ({ name }));
  assert.equal(inWords(people("Ada"), 1), "Ada");
  assert.equal(inWords(people("Ada", "", "Bob"), 3), "Ada, somebody and Bob");
  assert.equal(inWords(people("Ada", "Bob"), 9), "Ada, Bob and 7 more");
});
