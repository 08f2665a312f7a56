import assert from "node:assert/strict";
import { test } from "node:test";
import { overlay } from "../../../static/chat/state/overlay.js";
import { message } from "./fakes.js";

const nobody = { me: "ada", isMine: () => false };
const reacts = (emoji, on) => ({ type: "react", seq: 2, emoji, on, state: "sending" });
const thumbs = (count, by, more = {}) => ({ emoji: "👍", count, by, ...more });

test("where nothing was done the messages are the same ones", () => {
  const messages = [message(1), message(2)];
  assert.equal(overlay(messages, [], nobody), messages);
  const [first] = overlay(messages, [reacts("👍", true)], nobody);
  assert.equal(first, messages[0]);
});

test("an edit is seen at once, and not where it was refused", () => {
  const edit = { type: "edit", seq: 1, text: "better", at: "now", state: "sending" };
  const [seen] = overlay([message(1)], [edit], nobody);
  const [refused] = overlay([message(1)], [{ ...edit, state: "failed" }], nobody);
  assert.deepEqual([seen.text, seen.edited, refused.text], ["better", "now", "text 1"]);
});

test("a removal says how it stands", () => {
  const [seen] = overlay([message(1)], [{ type: "remove", seq: 1, nonce: "n1", state: "waiting" }], nobody);
  assert.deepEqual(seen.removal, { nonce: "n1", state: "waiting" });
});

test("one's own reaction is counted at once, and what is there already is not counted again", () => {
  const there = message(2, { reactions: [thumbs(1, ["bob"])] });
  const seen = (changes, isMine = () => false) => overlay([there], changes, { me: "ada", isMine })[0].reactions;
  assert.deepEqual(seen([reacts("👍", true)]), [thumbs(2, ["bob", "ada"], { mine: true })]);
  assert.deepEqual(
    seen([reacts("👍", true)], () => true),
    [thumbs(1, ["bob"])],
  );
  assert.deepEqual(seen([reacts("🎉", true)]).at(-1), { emoji: "🎉", count: 1, by: ["ada"], mine: true });
  assert.deepEqual(seen([reacts("🎉", true), reacts("🎉", false)]), [thumbs(1, ["bob"])]);
});

test("a reaction that nobody has any more is gone", () => {
  const there = message(2, { reactions: [thumbs(1, ["ada"])] });
  const [seen] = overlay([there], [reacts("👍", false)], { me: "ada", isMine: () => true });
  assert.deepEqual(seen.reactions, []);
});
