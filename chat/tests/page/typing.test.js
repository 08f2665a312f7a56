import assert from "node:assert/strict";
import { test } from "node:test";
import { Typing } from "../../../static/chat/panels/typing.js";
import { Clock } from "./fakes.js";

function aLine() {
  const line = { textContent: "" };
  const clock = new Clock();
  const told = [];
  const typing = new Typing({ line, clock, tell: () => told.push(clock.now()), me: () => "Ada" });
  return { line, clock, told, typing };
}

const LINES = [
  [1, ["Rosa"], "Rosa is typing…"],
  [2, ["Rosa", "Mika"], "Rosa and Mika are typing…"],
  [4, ["Rosa", "Mika", "Jun"], "Rosa, Mika, Jun and 1 other are typing…"],
  [6, ["Rosa", "Mika", "Jun"], "Rosa, Mika, Jun and 3 others are typing…"],
  [1, ["Ada"], ""],
  [2, ["Ada", "Rosa"], "Rosa is typing…"],
  [0, [], ""],
];
for (const [count, names, words] of LINES)
  test(`of ${count} with ${names.join(", ") || "no names"} the line says "${words}"`, () => {
    const { line, typing } = aLine();
    typing.follow({ count: 1, names: ["Somebody"] });
    typing.follow({ count, names });
    assert.equal(line.textContent, words);
  });

test("who types and is not among the first three is not one of the others", () => {
  const { line, typing } = aLine();
  typing.typed();
  typing.follow({ count: 4, names: ["Rosa", "Mika", "Jun"] });
  assert.equal(line.textContent, "Rosa, Mika and Jun are typing…");
});

test("the others are told at most once in three seconds", () => {
  const { clock, told, typing } = aLine();
  for (let key = 0; key < 65; key++) {
    typing.typed();
    clock.pass(0.1);
  }
  assert.equal(told.length, 3);
});

test("without a connection nobody types", () => {
  const { line, typing } = aLine();
  typing.follow({ count: 1, names: ["Rosa"] });
  typing.forget();
  assert.equal(line.textContent, "");
});
