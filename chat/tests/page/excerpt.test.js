import assert from "node:assert/strict";
import { test } from "node:test";
import { excerpt } from "../../../static/chat/messages/excerpt.js";

const CASES = [
  ["plain words", "plain words"],
  ["**bold** and *italic*, ~~struck~~ `code`", "bold and italic, struck code"],
  ["> a quote\nand an answer", "a quote and an answer"],
  ["```js\nlet a = 1;\n```", "let a = 1;"],
  ["one\n\ntwo   three", "one two three"],
  ["2 * 3 * 4", "2 * 3 * 4"],
  [">", ">"],
  ["x".repeat(200), `${"x".repeat(139)}…`],
  ["👍🏽".repeat(100), /^(?:👍🏽?)+…$/u],
];

for (const [text, words] of CASES)
  test(`the first words of ${JSON.stringify(text.slice(0, 40))}`, () => {
    if (words instanceof RegExp) assert.match(excerpt({ text }), words);
    else assert.equal(excerpt({ text }), words);
  });
