import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Dates } from "../../../static/chat/messages/dates.js";

const zone = process.env.TZ;
beforeEach(() => {
  process.env.TZ = "Europe/Berlin";
});
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

const at = (when) => new Date(when).getTime();
const days = (now) => new Dates({ now: () => at(now), lang: "en" });

test("yesterday is the calendar's where the clocks change", () => {
  // 25 hours: at half past midnight 24 hours ago was still the same day's beginning.
  assert.equal(days("2026-10-25T23:30:00+01:00").day("2026-10-24T12:00:00+02:00"), "Yesterday");
  assert.equal(days("2026-10-26T00:10:00+01:00").day("2026-10-25T00:05:00+02:00"), "Yesterday");
  // 23 hours: 24 hours ago was the day before yesterday.
  assert.equal(days("2026-03-30T00:30:00+02:00").day("2026-03-29T12:00:00+02:00"), "Yesterday");
  assert.equal(days("2026-03-30T00:30:00+02:00").day("2026-03-28T23:45:00+01:00"), "Saturday, March 28, 2026");
  assert.equal(days("2026-03-29T23:30:00+02:00").day("2026-03-29T00:30:00+01:00"), "Today");
});

test("a day is the reader's own", () => {
  assert.equal(days("2026-11-25T00:30:00+01:00").day("2026-11-24T23:15:00Z"), "Today");
  assert.equal(days("2026-11-25T00:30:00+01:00").day("2026-11-24T22:45:00Z"), "Yesterday");
  assert.equal(days("2026-01-01T08:00:00+01:00").day("2025-12-31T08:00:00+01:00"), "Yesterday");
});

test("without Intl there are plainer words, not a dead page", () => {
  const intl = globalThis.Intl;
  delete globalThis.Intl;
  try {
    const dates = days("2026-11-25T12:00:00+01:00");
    assert.equal(dates.day("2026-11-24T12:00:00+01:00"), "Yesterday");
    assert.equal(dates.day("2026-11-20T12:00:00+01:00"), "Fri Nov 20 2026");
    assert.equal(dates.time("2026-11-20T09:05:00+01:00"), "09:05");
  } finally {
    globalThis.Intl = intl;
  }
});
