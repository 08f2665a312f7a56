import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "../../../static/chat/messages/shape.js";

const CASES = JSON.parse(readFileSync(join(import.meta.dirname, "cases/shape.json"), "utf8"));
const MARKS = /[*~`>\s-]|\/me/g;
const PARTS = [
  "*",
  "**",
  "***",
  "~~",
  "`",
  "``",
  "```",
  "> ",
  "- ",
  "1. ",
  "\n",
  " ",
  "a",
  "Б",
  "粗",
  "🎉",
  "_",
  "/me ",
  "https://a.de/",
];
const LENGTH = 100_000;

const written = (node) => {
  if (typeof node === "string") return node;
  const [about, inner] = {
    a: () => ["", node.text],
    fence: () => [node.lang, node.text],
    li: () => [node.number ?? "", node.children.map(written).join("")],
  }[node.tag]?.() ?? ["", node.children.map(written).join("")];
  return `<${[node.tag, about].join(" ").trim()}>${inner}</${node.tag}>`;
};

// All that a reader sees of it, besides the marks' own characters.
const visible = (node) => {
  if (typeof node === "string") return node;
  const { number = "", lang = "", text = "", children = [] } = node;
  return `${number}${number && "."}${lang}${text}${children.map(visible).join("")}`;
};

const withoutMarks = (text) => text.replace(MARKS, "");

// The same numbers at each run: a failure can be repeated.
function* random(seed) {
  for (let state = seed; ; state = (state * 48_271) % 2_147_483_647) yield state;
}

test("there are a hundred cases and more", () => {
  assert.ok(CASES.length >= 100);
});

for (const { why, text, shape } of CASES) {
  test(`marks give a text its shape: ${why}`, () => assert.equal(parse(text).map(written).join(""), shape));
}

test("every text comes out with all its visible characters", () => {
  const numbers = random(7);
  const next = (below) => numbers.next().value % below;
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: next(24) }, () => PARTS[next(PARTS.length)]).join("");
    assert.equal(withoutMarks(parse(text).map(visible).join("")), withoutMarks(text), JSON.stringify(text));
  }
});

test("a tree is never deep, whatever the text", () => {
  const depth = ({ children = [] }) => 1 + Math.max(0, ...children.map((child) => depth(child)));
  for (const text of ["> ".repeat(5_000), "*a **b ~~c ".repeat(999) + "a~~ a** a* ".repeat(999)]) {
    assert.ok(depth({ children: parse(`${text}x`) }) < 12);
  }
});

// A parser that goes back and forth takes minutes for these; the runner's patience ends before that.
test("a hostile text takes no longer than another of its length", { timeout: 30_000 }, () => {
  const ticks = Array.from({ length: 440 }, (_, length) => "`".repeat(length)).join("a");
  const parts = [
    "*",
    "* ",
    "*a ",
    "**a *b ",
    "*a **b* c** ",
    "> ",
    ">\n",
    "```\n",
    "```a\n",
    "`",
    "`a``b```c",
    "- a\n",
    "***a***",
    "~",
    "1. a\n",
  ];
  const spaces = " ".repeat(LENGTH);
  for (const part of parts) parse(part.repeat(LENGTH / part.length));
  for (const text of [ticks, `\`${spaces}\`a`, `\`\`\`${spaces}a`, `${spaces}\`\`\`${spaces}a\n\`\`\``]) parse(text);
});
