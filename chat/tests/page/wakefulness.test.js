import assert from "node:assert/strict";
import { test } from "node:test";
import { aWakefulness } from "./fakes.js";

test("a timer that comes much too late tells that the machine slept", () => {
  const { clock, woken } = aWakefulness();
  clock.pass(120);
  const awake = woken();
  clock.sleep(3600);
  clock.pass(120);
  assert.deepEqual([awake, woken()], [0, 1]);
});

test("the page wakes with the network the tab and the back button", () => {
  const { here, page, woken } = aWakefulness();
  const show = (persisted) => Object.assign(new Event("pageshow"), { persisted });
  const counts = [];
  for (const happens of [
    () => here.dispatchEvent(new Event("offline")),
    () => here.dispatchEvent(new Event("online")),
    () => here.dispatchEvent(show(false)),
    () => here.dispatchEvent(show(true)),
    () => page.dispatchEvent(new Event("resume")),
    () => page.dispatchEvent(new Event("visibilitychange")),
    () => {
      page.hidden = true;
      page.dispatchEvent(new Event("visibilitychange"));
    },
  ]) {
    happens();
    counts.push(woken());
  }
  assert.deepEqual(counts, [1, 2, 2, 3, 4, 5, 5]);
});
