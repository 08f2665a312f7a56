import assert from "node:assert/strict";
import { test } from "node:test";
import { Scroll } from "../../../static/chat/messages/scroll.js";

// A box of 500 pixels that shows the end of 3000. What needs a layout is tested in a browser.
function aScroll() {
  const size = { clientWidth: 300, clientHeight: 500, scrollHeight: 3000, scrollTop: 0 };
  const box = Object.assign(new EventTarget(), size, {
    getBoundingClientRect: () => ({ top: 0 }),
    querySelectorAll: () => [],
  });
  const pill = Object.assign(new EventTarget(), { textContent: "", hidden: true });
  const asked = [];
  const scroll = new Scroll({
    box,
    pill,
    nearTop: () => asked.push("older"),
    reachedEnd: () => asked.push("latest"),
  });
  const goes = (scrollTop) => {
    box.scrollTop = scrollTop;
    box.dispatchEvent(new Event("scroll"));
  };
  return { scroll, box, pill, asked, goes };
}

test("the end is where less than two lines are below", () => {
  const { scroll, goes } = aScroll();
  const atEnd = [0, -39, -40, -2500].map((scrollTop) => {
    goes(scrollTop);
    return scroll.atEnd;
  });
  assert.deepEqual(atEnd, [true, true, false, false]);
});

test("what comes while one reads above is counted on the pill", () => {
  const { scroll, pill, goes } = aScroll();
  goes(-100);
  const words = [1, 1, 5].map((count) => {
    scroll.arrived(count);
    return pill.textContent;
  });
  assert.deepEqual(words, ["1 new message", "2 new messages", "7 new messages"]);
  assert.equal(pill.hidden, false);
});

test("at the end nothing is counted and there is no pill", () => {
  const { scroll, pill, goes } = aScroll();
  scroll.arrived(3);
  assert.equal(pill.hidden, true);
  goes(-100);
  scroll.arrived(1);
  goes(0);
  assert.equal(pill.hidden, true);
  goes(-600);
  assert.equal(pill.textContent, "Latest messages");
});

test("the pill leads to the latest messages from a whole box above", () => {
  const { box, pill, goes } = aScroll();
  const hidden = [-499, -500].map((scrollTop) => {
    goes(scrollTop);
    return pill.hidden;
  });
  pill.dispatchEvent(new Event("click"));
  assert.deepEqual([hidden, box.scrollTop, pill.hidden], [[true, false], 0, true]);
});

test("older messages are asked for before the top is reached, and the latest at the end", () => {
  const { asked, goes } = aScroll();
  for (const scrollTop of [-1000, -1900]) goes(scrollTop);
  assert.deepEqual(asked, []);
  goes(-1901);
  assert.deepEqual(asked, ["older"]);
  goes(0);
  assert.deepEqual(asked, ["older", "latest"]);
});
