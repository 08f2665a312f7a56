import assert from "node:assert/strict";
import { test } from "node:test";
import { Memory } from "../../../static/chat/state/memory.js";

test("where storage is forbidden the name is remembered for the page", () => {
  const name = new Memory(() => {
    throw new Error("SecurityError");
  }, "chat.name");
  const before = name.text ?? null;
  name.text = "Ada";
  assert.deepEqual([before, name.text], [null, "Ada"]);
});
