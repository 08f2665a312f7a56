import assert from "node:assert/strict";
import { test } from "node:test";
import { say } from "../../../static/chat/dom/words.js";

test("what is said again is not written over its translation", () => {
  const line = { textContent: "Connecting…" };
  say(line, "Connected");
  line.textContent = "Verbunden";
  say(line, "Connected");
  assert.equal(line.textContent, "Verbunden");
  say(line, "Offline.");
  assert.equal(line.textContent, "Offline.");
});

test("what the server has rendered already is not written again", () => {
  let writes = 0;
  const line = {
    get textContent() {
      return "3 here";
    },
    set textContent(_) {
      writes += 1;
    },
  };
  say(line, "3 here");
  say(line, "4 here");
  assert.equal(writes, 1);
});
