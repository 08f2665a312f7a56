import assert from "node:assert/strict";
import { test } from "node:test";
import { Painter } from "../../../static/chat/dom/painter.js";
import { Clock } from "./fakes.js";

test("however much comes it is painted once a frame", () => {
  const clock = new Clock();
  const frames = new Map();
  const here = {
    requestAnimationFrame: (frame) => frames.set(frames.size + 1, frame).size,
    cancelAnimationFrame: (id) => frames.delete(id),
  };
  let paints = 0;
  const painter = new Painter({ window: here, clock, paint: () => void paints++ });
  for (let i = 0; i < 100; i++) painter.later();
  assert.equal(frames.size, 1);
  for (const frame of [...frames.values()]) frame();
  clock.pass(5);
  assert.equal(paints, 1);
  for (let i = 0; i < 100; i++) painter.later();
  clock.pass(5); // hidden: no frame comes
  assert.equal(paints, 2);
  assert.equal(frames.size, 0);
});
