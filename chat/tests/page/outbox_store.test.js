import assert from "node:assert/strict";
import { test } from "node:test";
import { OutboxStore } from "../../../static/chat/state/outbox_store.js";
import { Browser, Clock } from "./fakes.js";

const isEntry = (key) => key.startsWith("chat.outbox.");

test("a reloaded page finds its entries at once", () => {
  const browser = new Browser();
  const before = browser.opens("before");
  for (const nonce of ["a", "b"]) before.writes(nonce);
  before.goes();
  const after = browser.opens("after");
  after.adopts();
  assert.deepEqual(after.shows(), ["a", "b"]);
});

test("two living pages keep each its own", () => {
  const browser = new Browser();
  const [one, two] = [browser.opens("one"), browser.opens("two")];
  one.writes("a");
  two.writes("b");
  for (const page of [one, two]) {
    page.adopts();
    page.passes(5);
  }
  assert.deepEqual([one.shows(), two.shows()], [["a"], ["b"]]);
});

test("what a page gives up goes to another that lives but not before it could reload", () => {
  const browser = new Browser();
  const [one, two] = [browser.opens("one"), browser.opens("two")];
  one.writes("a");
  one.goes();
  two.passes(2);
  const soon = two.shows();
  two.passes(2);
  assert.deepEqual([soon, two.shows()], [[], ["a"]]);
});

test("what a crashed page left is adopted when nobody answers for it", () => {
  const browser = new Browser();
  const crashed = browser.opens("crashed");
  crashed.writes("a");
  crashed.awake = false;
  const page = browser.opens("page");
  page.adopts();
  const asked = page.shows();
  page.passes(1.1);
  assert.deepEqual([asked, page.shows()], [[], ["a"]]);
});

test("a page that was frozen drops what another took or finished meanwhile", () => {
  const browser = new Browser();
  const [frozen, other] = [browser.opens("frozen"), browser.opens("other")];
  for (const nonce of ["taken", "finished"]) frozen.writes(nonce);
  frozen.awake = false;
  other.adopts();
  other.passes(2);
  other.store.remove("finished");
  frozen.awake = true;
  frozen.writes("new");
  frozen.adopts();
  assert.deepEqual([frozen.shows(), other.shows()], [["new"], ["finished", "taken"]]);
});

test("a page that comes back from the cache takes up what is still there", () => {
  const browser = new Browser();
  const page = browser.opens("page");
  for (const nonce of ["a", "b"]) page.writes(nonce);
  page.goes();
  const next = browser.opens("next");
  next.store.remove("a");
  page.awake = true;
  page.adopts();
  const owners = Object.keys(browser.storage)
    .filter(isEntry)
    .map((key) => JSON.parse(browser.storage[key]).owner);
  assert.deepEqual(
    [page.shows(), owners],
    [
      ["a", "b"],
      ["page", "page"],
    ],
  );
});

test("two pages that adopt the same agree on one", () => {
  const browser = new Browser();
  const gone = browser.opens("gone");
  gone.writes("a");
  gone.awake = false;
  const [one, two] = [browser.opens("one"), browser.opens("two")];
  one.adopts();
  two.adopts();
  one.passes(2);
  two.passes(2);
  assert.deepEqual([one.shows(), two.shows()].flat(), ["a"]);
});

for (const what of ["reading", "writing"])
  test(`where ${what} the storage is forbidden the outbox lives in the page`, () => {
    const refuse = () => {
      throw new Error("QuotaExceededError");
    };
    const lost = [];
    const store = new OutboxStore({
      storage: what === "reading" ? refuse : () => ({ setItem: refuse, getItem: () => null }),
      channel: { postMessage() {} },
      owner: "page",
      makeMark: () => "mark",
      clock: new Clock(),
      adopted: refuse,
      lost: (nonce) => lost.push(nonce),
    });
    store.save({ nonce: "a", text: "a", at: "" });
    store.adopt();
    store.remove("a");
    store.giveUp();
    assert.deepEqual([lost, store.keeps("a")], [[], false]);
  });

for (const hears of [true, false])
  test(`what is unsent outlives a storage that is cleared, ${hears ? "by another page" : "in silence"}`, () => {
    const browser = new Browser();
    const [page, other] = [browser.opens("page"), browser.opens("other")];
    for (const nonce of ["a", "b"]) page.writes(nonce);
    other.writes("c");
    browser.clears(hears ? other : page);
    if (!hears) browser.storage = {};
    page.adopts();
    other.adopts();
    page.adopts();
    const there = Object.keys(browser.storage).filter(isEntry).sort();
    page.goes();
    const after = browser.opens("after");
    after.adopts();
    assert.deepEqual([page.shows(), other.shows(), after.shows()], [["a", "b"], ["c"], ["a", "b"]]);
    assert.deepEqual(
      there,
      ["a", "b", "c"].map((nonce) => `chat.outbox.${nonce}`),
    );
  });

test("a page that goes leaves what was cleared without its knowing", () => {
  const browser = new Browser();
  const page = browser.opens("page");
  page.writes("a");
  browser.storage = {};
  page.goes();
  const after = browser.opens("after");
  after.adopts();
  assert.deepEqual(after.shows(), ["a"]);
});

test("where the storage is full it is known what it doesn't keep, and that goes in when there is room", () => {
  const browser = new Browser();
  const page = browser.opens("page");
  page.writes("kept");
  browser.full = true;
  page.writes("not kept");
  const full = ["kept", "not kept"].map((nonce) => page.store.keeps(nonce));
  browser.full = false;
  page.finishes("kept");
  assert.deepEqual([full, page.store.keeps("not kept")], [[true, false], true]);
});
