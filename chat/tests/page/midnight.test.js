import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Midnight } from "../../../static/chat/messages/midnight.js";
import { Clock } from "./fakes.js";

const zone = process.env.TZ;
beforeEach(() => {
  process.env.TZ = "Europe/Berlin";
});
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

for (const [day, begin] of [
  ["of 23 hours", "2026-03-28T23:59:00+01:00"],
  ["of 25 hours", "2026-10-24T23:59:00+02:00"],
  ["like others", "2026-11-24T23:59:00+01:00"],
])
  test(`midnight tells of itself each day, also before a day ${day}`, () => {
    const clock = new Clock();
    clock.sleep(Date.parse(begin) / 1000);
    const turns = [];
    new Midnight({ clock, turned: () => turns.push(new Date(clock.now()).toString().slice(0, 21)) });
    clock.pass(70 * 3600);
    assert.deepEqual(
      turns.map((turn) => turn.slice(16)),
      ["00:00", "00:00", "00:00"],
    );
    assert.equal(new Set(turns).size, 3);
  });
