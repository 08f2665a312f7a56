import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { complete, isEmojiAlone, lazily, search, toned, typedName } from "../../../static/chat/messages/emoji.js";

const FILE = join(import.meta.dirname, "../../../static/chat/vendor/emoji.json");
const ROWS = JSON.parse(readFileSync(FILE, "utf8"));
const LISTED = /^\p{RGI_Emoji}$/v;

const row = (emoji) => ROWS.find(([one]) => one === emoji);
const emojiOf = (rows) => rows.map(([emoji]) => emoji);

test("one to three emoji alone are shown large", () => {
  for (const text of ["🎉", "👍🏽", "🇩🇪", "1️⃣", "❤️", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🎉🎉🎉", "🎉 👍 ❤️", "👩🏽‍❤️‍👨🏻"])
    assert.ok(isEmojiAlone(text), text);
});

test("whatever else is there, or more, is a text like any other", () => {
  const texts = ["", " ", "1", "12", "#", "*", "©", "™", "❤", "a🎉", "🎉!", "🎉🎉🎉🎉", "🇩🇪🇫🇷🇯🇵🇮🇹", "\u{1f3fd}a"];
  for (const text of texts) assert.ok(!isEmojiAlone(text), text);
});

test("every emoji that is offered is one of Unicode's, and shown large", () => {
  assert.ok(ROWS.length > 1_800);
  for (const emoji of emojiOf(ROWS)) assert.ok(LISTED.test(emoji) && isEmojiAlone(emoji), emoji);
});

test("with each tone it is one of Unicode's, too", () => {
  const tonal = ROWS.filter(([, , , , hasTones]) => hasTones);
  assert.ok(tonal.length > 300);
  for (const one of tonal) {
    const tones = [1, 2, 3, 4, 5].map((tone) => toned(one, tone));
    assert.equal(new Set([...tones, one[0]]).size, 6);
    for (const emoji of tones) assert.ok(LISTED.test(emoji), emoji);
  }
  assert.equal(toned(row("👍"), 0), "👍");
  assert.equal(toned(row("🎉"), 3), "🎉");
  assert.equal(toned(row("👍"), 3), "👍🏽");
  assert.equal(toned(row("🧑‍🤝‍🧑"), 5), "🧑🏿‍🤝‍🧑🏿");
});

test("a name is completed from two letters on", () => {
  const typed = (text) => typedName(text, text.length);
  assert.deepEqual(typed(":smi"), { start: 0, typed: "smi" });
  assert.deepEqual(typed("hello :Smi"), { start: 6, typed: "smi" });
  assert.deepEqual(typed("(:+1"), { start: 1, typed: "+1" });
  assert.deepEqual(typedName("a :smi b", 6), { start: 2, typed: "smi" });
  for (const text of ["", ":", ":s", ": smi", "10:30", "a:smi", "http://smi", ":smi ", "::smi"])
    assert.equal(typed(text), null, text);
});

test("in code no name is completed", () => {
  const typed = (text) => typedName(text, text.length);
  for (const text of ["`:smi", "`a` `:smi", "```\n:smi", "```py\nx\n:smi"]) assert.equal(typed(text), null, text);
  for (const text of ["`a` :smi", "```\na\n```\n:smi", "`a\n:smi"]) assert.ok(typed(text), text);
});

test("what is called so comes first, then what begins so, then what has a word that does", () => {
  assert.equal(complete(ROWS, "smile")[0][0], "😄");
  assert.equal(complete(ROWS, "heart")[0][0], "❤️");
  assert.ok(emojiOf(complete(ROWS, "eyes")).includes("😍"));
  assert.deepEqual(complete(ROWS, "zzz_nothing"), []);
  assert.ok(complete(ROWS, "fa").length <= 10);
});

test("a search finds what every word of it begins a word of", () => {
  assert.deepEqual(emojiOf(search(ROWS, "flag germany")), ["🇩🇪"]);
  assert.ok(emojiOf(search(ROWS, "Grin CAT")).includes("😸"));
  assert.deepEqual(search(ROWS, "germany zebra"), []);
  assert.equal(search(ROWS, " ").length, ROWS.length);
});

test("the data is read once, when it is first wanted, and again after a failure", async () => {
  const asked = [];
  const rows = lazily(async () => {
    asked.push(asked.length);
    if (asked.length === 1) throw new Error("offline");
    return ROWS;
  });
  assert.equal(asked.length, 0);
  await assert.rejects(rows(), /offline/);
  assert.equal(await rows(), ROWS);
  assert.equal(await rows(), ROWS);
  assert.equal(asked.length, 2);
});
