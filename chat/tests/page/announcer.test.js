import assert from "node:assert/strict";
import { test } from "node:test";
import { Announcer } from "../../../static/chat/messages/announcer.js";
import { Clock } from "./fakes.js";

test("a screen reader hears each of a few and the number of many", () => {
  const clock = new Clock();
  const log = {};
  const said = [];
  const line = {
    set textContent(words) {
      if (words) said.push(words);
    },
  };
  const announcer = new Announcer({ log, line, clock });
  const live = [];
  for (const everySecond of [1, 50, 50, 1, 0, 1]) {
    for (let second = 0; second < 5; second++) {
      for (let i = 0; i < everySecond; i++) announcer.arrived(1);
      clock.pass(1);
    }
    live.push(log.ariaLive);
  }
  assert.deepEqual(live.slice(1, 3), ["off", "off"]);
  assert.deepEqual([live[0], live.at(-1)], ["polite", "polite"]);
  assert.ok(said.length >= 2 && said.length <= 4, "at most one in five seconds");
});
