import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pieces } from "../../../static/chat/messages/links.js";

const CASES = JSON.parse(readFileSync(join(import.meta.dirname, "cases/links.json"), "utf8"));
const LENGTH = 100_000;

const links = (text) => pieces(text).filter(({ href }) => href);

test("there are eighty cases and more", () => {
  assert.ok(CASES.length >= 80);
});

for (const { why, text, links: expected } of CASES) {
  test(`an address ends where its reader sees it end: ${why}`, () => {
    assert.deepEqual(
      links(text),
      expected.map(({ text, href = text, shown = text }) => ({ text, href, shown })),
    );
  });
}

const whole = (text) =>
  pieces(text)
    .map((piece) => piece.text)
    .join("");

test("the pieces are the text", () => {
  for (const { text } of CASES) assert.equal(whole(text), text);
});

// The same numbers at each run: a failure can be repeated.
test("the pieces are the text, whatever it is made of", () => {
  const parts = [..."a.:/@?#()[]*~'s _-的éſ\u212a", "https://", "httpſ://", "example.org", "'s", "\u202e"];
  let state = 7;
  const next = (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: next(12) }, () => parts[next(parts.length)]).join("");
    assert.equal(whole(text), text);
    for (const { href } of links(text)) assert.match(href, /^https?:\/\//i);
  }
});

test("an address leads to the host that it shows", () => {
  for (const { href, shown } of CASES.flatMap(({ text }) => links(text))) {
    const [, host] = /^(?:https?:\/\/)?([^/?#:]+)/i.exec(shown);
    assert.equal(new URL(href).hostname, new URL(`https://${host}`).hostname);
    assert.equal(new URL(href).username, "");
  }
});

// A pattern that goes back and forth takes minutes for these; the runner's patience ends before that.
test("a hostile text takes no longer than another of its length", { timeout: 20_000 }, () => {
  const parts = [
    "a.de,",
    "https://",
    "a.a",
    "(",
    "a_",
    "a-",
    "a@",
    "a.de@",
    "https://a.de/'s",
    "http",
    "1:1",
    "-",
    "'",
    "'s",
    "a)",
    "a/*",
    "'s?",
    "/'s",
    "的",
  ];
  for (const part of parts) {
    const many = part.repeat(LENGTH / part.length);
    for (const text of [many, `https://a.de/${many}x`, `https://a.de/${many}`, `a${many}.`, `.${many}`]) pieces(text);
  }
});
