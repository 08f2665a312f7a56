import assert from "node:assert/strict";
import { test } from "node:test";
import { clean } from "../../../static/chat/connection/protocol.js";
import { typedName } from "../../../static/chat/messages/emoji.js";
import { pieces } from "../../../static/chat/messages/links.js";
import { finder } from "../../../static/chat/messages/mentions.js";
import { parse } from "../../../static/chat/messages/shape.js";

// Texts that are made to take long: each takes about as long as a plain one of its length.
const LENGTH = 4_000;
const PLAIN = ["**Hello**, see https://exämple.org/a, @Ada (or `a.de`): ", "@Adé, @Bob: "];
const PARTS =
  "a . a.de / ? # * ** ~~ ` ``` @ https:// ( ) [ 's ' _ - : 1 ß 中 дом é K \u0301 \u20dd \ufe0f \u200d 👩".split(" ");
const SPACED = [" ", "\n", "> ", "- ", "1. ", "/me "];
const NAMES = ["Ada", "a@".repeat(16)];
// A fault of this kind takes a hundred times as long, or more.
const BOUND = 20;

const WORK = {
  links: pieces,
  shape: parse,
  names: (text) => NAMES.map((name) => finder({ name, others: [`${name}a`] })(text)),
  clean,
  typed: (text) => typedName(text, text.length),
};

const filled = (part, beginning = "") => (beginning + part.repeat(LENGTH)).slice(0, LENGTH);

function* hostile() {
  const parts = [...PARTS, ...SPACED];
  for (const one of parts) for (const other of ["", ...parts]) yield filled(one + other, ".");
  for (const one of parts) yield filled(one);
  for (const one of parts) yield filled(one, "https://a.de/");
  yield filled("'s?", "https://a.de/");
  const different = Array.from({ length: LENGTH }, (_, index) => String.fromCodePoint(0x4e00 + index)).join("");
  yield `https://${different.slice(0, LENGTH - 11)}.de`;
}

// The quickest of ten runs, or the first that is quick enough: what else the machine does takes from it, too.
function least(work, text, enough = 0) {
  let quickest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 10 && quickest > enough; run++) {
    const begun = performance.now();
    work(text);
    quickest = Math.min(quickest, performance.now() - begun);
  }
  return quickest;
}

for (const [what, work] of Object.entries(WORK)) {
  test(`no text takes much longer than a plain one: ${what}`, () => {
    const enough = BOUND * Math.max(...PLAIN.map((part) => least(work, filled(part))), 0.1);
    const slow = [...hostile()].filter((text) => least(work, text, enough) > enough);
    assert.deepEqual(
      slow.map((text) => text.slice(0, 40)),
      [],
    );
  });
}
