import assert from "node:assert/strict";
import { test } from "node:test";
import { complete, typedMention } from "../../../static/chat/messages/naming.js";

const TYPED = [
  ["@ada", "ada", 0],
  ["hello @Ad", "ad", 6],
  ["hello @Ada Lo", "ada lo", 6],
  ["@", "", 0],
  ["（＠Ａda", "ada", 1],
  ["mail@example", null],
  ["@ada\nnext", null],
  ["no one", null],
];
for (const [text, typed, start] of TYPED)
  test(`what is typed at the end of ${JSON.stringify(text)} is ${typed}`, () => {
    const found = typedMention(text, text.length);
    assert.deepEqual(found, typed === null ? null : { start, typed });
  });

const NAMES = ["Rosa", "Ada Lovelace", "Adam", "Mika Ada"];
const COMPLETED = [
  ["", NAMES],
  ["ad", ["Ada Lovelace", "Adam", "Mika Ada"]],
  ["lov", ["Ada Lovelace"]],
  ["ada love", ["Ada Lovelace"]],
  ["rosa", []],
  ["rosa ", []],
  ["ada hello", []],
];
for (const [typed, names] of COMPLETED)
  test(`"${typed}" may be ${names.join(", ") || "nobody, or somebody who is named already"}`, () => {
    assert.deepEqual(complete(NAMES, typed), names);
  });

test("there are at most eight", () => {
  const many = Array.from({ length: 20 }, (_, number) => `Ada ${number}`);
  assert.equal(complete(many, "ada").length, 8);
});
