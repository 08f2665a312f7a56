import assert from "node:assert/strict";
import { test } from "node:test";
import { finder } from "../../../static/chat/messages/mentions.js";

const mentions = (text, name, others) => finder({ name, others })(text);
const named = (text, name, others) => mentions(text, name, others).map(({ start, end }) => text.slice(start, end));

const CASES = [
  ["hello @Ada", "Ada", ["@Ada"]],
  ["@Ada, @Ada: and (@Ada).", "Ada", ["@Ada", "@Ada", "@Ada"]],
  ["@ada and @ADA", "Ada", ["@ada", "@ADA"]],
  ["Ada is not named without its sign", "Ada", []],
  ["@Adam and @Ada2 and @Ada_b are others", "Ada", []],
  ["mail ada@ada.example", "ada", []],
  ["@Ada’s and @Ada's", "Ada", ["@Ada", "@Ada"]],
  ["@Ada Lovelace wrote", "Ada Lovelace", ["@Ada Lovelace"]],
  ["@Ada  Lovelace and @ada\u00a0lovelace", "Ada Lovelace", ["@Ada  Lovelace", "@ada\u00a0lovelace"]],
  ["@Ada\nLovelace", "Ada Lovelace", []],
  ["@Ada", "Ada Lovelace", []],
  ["@ＡＤＡ and ＠Ada", "Ada", ["@ＡＤＡ", "＠Ada"]],
  ["@A\u0301da and @Áda", "Áda", ["@A\u0301da", "@Áda"]],
  ["@Áda", "Ada", []],
  ["@Дмитрий и @дмитрий", "Дмитрий", ["@Дмитрий", "@дмитрий"]],
  ["@李小龍你好", "李小龍", ["@李小龍"]],
  ["@田中さん", "田中", ["@田中"]],
  ["@👩‍🚀 up", "👩‍🚀", ["@👩‍🚀"]],
  ["@★ @❤️", "❤", ["@❤️"]],
  ["@R2-D2! @c3po", "R2-D2", ["@R2-D2"]],
  ["@(a.*)+", "(a.*)+", ["@(a.*)+"]],
  ["@@Ada", "Ada", ["@Ada"]],
  ["nobody @", "Ada", []],
  ["@", "", []],
];

for (const [text, name, expected] of CASES) {
  test(`${JSON.stringify(name)} is named in ${JSON.stringify(text)} ${expected.length} times`, () => {
    assert.deepEqual(named(text, name), expected);
  });
}

test("of two names the longer is meant", () => {
  const text = "@Ada Lovelace and @Ada, @ada lovelaces";
  assert.deepEqual(named(text, "Ada", ["Ada Lovelace", "Bob"]), ["@Ada", "@ada"]);
  assert.deepEqual(named(text, "Ada Lovelace", ["Ada"]), ["@Ada Lovelace"]);
  assert.deepEqual(named("@Ada Lovelace", "Ada", ["Ada"]), ["@Ada"]);
});

test("ranges are in the text's own units", () => {
  assert.deepEqual(mentions("🎉 @Ada 🎉", "Ada"), [{ start: 3, end: 7 }]);
});

const preparedIn = (work) => {
  const { normalize } = String.prototype;
  let count = 0;
  String.prototype.normalize = function (form) {
    count++;
    return normalize.call(this, form);
  };
  try {
    work();
  } finally {
    String.prototype.normalize = normalize;
  }
  return count;
};

test("no letter of a text is prepared twice, whatever it and the name are made of", () => {
  for (const part of ["@", "@a", "@ ", "@a\u0301", "\u0301", "@\ufe0f", "＠a", "@Ada "]) {
    for (const name of ["a", "Ada", "@".repeat(32), "@ ".repeat(15), "@a".repeat(16)]) {
      for (const length of [4_000, 8_000]) {
        const text = part.repeat(length / part.length);
        const find = finder({ name, others: Array.from({ length: 200 }, (_, number) => `${name}${number}`) });
        assert.ok(preparedIn(() => find(text)) <= 2 * length, JSON.stringify([part, name, length]));
      }
    }
  }
});

test("the names of others are prepared once for all texts", () => {
  const find = finder({ name: "Ada", others: ["Ada Lovelace", "Adam"] });
  assert.equal(
    preparedIn(() => find("nobody")),
    0,
  );
});

test("a hostile text takes no longer than another of its length", { timeout: 20_000 }, () => {
  for (const name of ["a".repeat(32), "@".repeat(32)])
    for (const part of ["@", "@a", "@ ", "@a\u0301", "\u0301"]) mentions(part.repeat(20_000), name);
});
