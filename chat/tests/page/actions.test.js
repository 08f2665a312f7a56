import assert from "node:assert/strict";
import { test } from "node:test";
import { makeActions } from "../../../static/chat/actions/actions.js";
import { step } from "../../../static/chat/dom/focus.js";
import { message } from "./fakes.js";

const SAID = Date.parse("2026-11-22T12:00:00Z");

function offered(about, me, seconds = 0) {
  const actions = makeActions({ verbs: {}, now: () => SAID + seconds * 1000, limits: { edit_seconds: 900 } });
  return actions.filter(({ applies }) => applies(about, me)).map(({ name }) => name);
}

test("of one's own message all is offered, and after a while no edit", () => {
  const me = { id: "ada", writes: true };
  assert.deepEqual(offered(message(1), me), ["reply", "copy", "link", "edit", "remove"]);
  assert.deepEqual(offered(message(1), me, 901), ["reply", "copy", "link", "remove"]);
});

test("others' messages are answered and copied, and by who only reads, copied", () => {
  assert.deepEqual(offered(message(1), { id: "bob", writes: true }), ["reply", "copy", "link"]);
  assert.deepEqual(offered(message(1), { id: "bob", writes: false }), ["copy", "link"]);
});

test("the arrows step, Home and End jump, at the ends one stays, and other keys do nothing", () => {
  const steps = ["ArrowUp", "ArrowDown", "Home", "End", "a", "toString"].map((key) => step(key, "down", 1, 3));
  assert.deepEqual(steps, [0, 2, 0, 2, null, null]);
  assert.deepEqual([step("ArrowUp", "down", 0, 3), step("ArrowDown", "down", 2, 3)], [0, 2]);
  assert.equal(step("ArrowUp", "down", 0, 0), null);
});
