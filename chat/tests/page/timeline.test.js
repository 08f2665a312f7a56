import assert from "node:assert/strict";
import { test } from "node:test";
import { Timeline } from "../../../static/chat/state/timeline.js";
import { message } from "./fakes.js";

test("the timeline keeps the highest rev whatever comes last", () => {
  const timeline = new Timeline();
  timeline.start([message(2), message(1)], 1);
  timeline.merge([message(1, { rev: 4, text: "second" })]);
  timeline.merge([message(1, { rev: 3, text: "first" })]);
  assert.deepEqual(
    timeline.messages.map(({ text }) => text),
    ["second", "text 2"],
  );
});

test("what was removed does not come back", () => {
  const timeline = new Timeline();
  timeline.start([message(1), message(2)], 1);
  timeline.merge([{ seq: 1, rev: 3, by: "ada", removed: true }]);
  timeline.merge([message(1)]);
  assert.deepEqual(
    timeline.messages.map(({ seq }) => seq),
    [2],
  );
});

test("only what was not shown is new", () => {
  const timeline = new Timeline();
  timeline.start([message(5)], 5);
  const removed = { seq: 9, rev: 10, removed: true };
  const changed = [message(5, { rev: 7 }), message(2, { rev: 8 })];
  assert.deepEqual(
    timeline.merge([...changed, message(6), removed]).map(({ seq }) => seq),
    [6],
  );
});

test("a change to what is not loaded waits until it is", () => {
  const timeline = new Timeline();
  timeline.start([message(5)], 5);
  timeline.merge([message(3, { rev: 6, text: "changed" })]);
  const before = timeline.messages.map(({ seq }) => seq);
  timeline.prepend([message(3), message(4)], true);
  assert.deepEqual(
    [before, timeline.messages.map(({ text }) => text), timeline.floor],
    [[5], ["changed", "text 4", "text 5"], 3],
  );
});

test("a long timeline forgets its oldest and can load them again", () => {
  const timeline = new Timeline();
  timeline.start(
    Array.from({ length: 9 }, (_, i) => message(i + 1)),
    1,
  );
  timeline.trim(3);
  const kept = timeline.messages.map(({ seq }) => seq);
  timeline.prepend([message(5), message(6)], true);
  assert.deepEqual(
    [kept, timeline.messages.map(({ seq }) => seq)],
    [
      [7, 8, 9],
      [5, 6, 7, 8, 9],
    ],
  );
});

test("at the beginning of the room nothing older is looked for", () => {
  const timeline = new Timeline();
  timeline.start([message(8)], 8);
  timeline.prepend([message(3)], false);
  assert.equal(timeline.floor, 1);
});

test("what is known stays bounded for who reads above", () => {
  const timeline = new Timeline();
  timeline.start([message(1)], 1);
  const sizes = [];
  for (let seq = 2; seq <= 1000; seq++) {
    timeline.merge([message(seq)]);
    timeline.hold(20);
    sizes.push(timeline.size);
  }
  timeline.merge([message(500, { rev: 1001, text: "changed, and not here" })]);
  assert.equal(Math.max(...sizes), 40);
  const shown = () => timeline.messages.map(({ seq }) => seq);
  const numbers = (first, last) => Array.from({ length: last - first + 1 }, (_, index) => first + index);
  assert.deepEqual(shown(), numbers(1, 20));
  timeline.trim(30);
  assert.deepEqual(shown(), numbers(981, 1000));
});
