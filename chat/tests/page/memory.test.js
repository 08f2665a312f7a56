import assert from "node:assert/strict";
import { test } from "node:test";
import { Memory } from "../../../static/chat/state/memory.js";
import { wire } from "./fakes.js";

test("where storage is forbidden the name is remembered for the page", () => {
  const name = new Memory(() => { throw new Error("SecurityError"); }, "chat.name");
  const before = name.text ?? null;
  name.text = "Ada";
  assert.deepEqual(wire([before, name.text]), [null, "Ada"]);
});
