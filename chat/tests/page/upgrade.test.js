import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Upgrade } from "../../../static/chat/connection/upgrade.js";
import { Clock, Socket } from "./fakes.js";

const JOIN = { type: "join", name: "Ada" };

beforeEach(() => {
  Socket.all = [];
});

function anUpgrade(webSocket = () => new Socket("ws")) {
  const clock = new Clock();
  const taken = [];
  const upgrade = new Upgrade({
    webSocket,
    clock,
    join: () => JOIN,
    welcomed: (...trial) => taken.push(trial),
  });
  return { upgrade, clock, taken };
}

// The seconds, from now on, at which a socket was tried.
function tries(clock, seconds, fails) {
  const times = [];
  for (let second = 1; second <= seconds; second++) {
    const before = Socket.all.length;
    clock.pass(1);
    if (Socket.all.length === before) continue;
    times.push(second);
    fails();
  }
  return times;
}

test("it tries after half a minute, then ever more rarely, and at least every four minutes", () => {
  const { upgrade, clock } = anUpgrade();
  upgrade.later();
  const times = tries(clock, 1000, () => Socket.last.breaks());
  assert.deepEqual(times, [30, 90, 210, 450, 690, 930]);
});

test("after a socket that lasted it begins with half a minute again", () => {
  const { upgrade, clock } = anUpgrade();
  upgrade.later();
  tries(clock, 210, () => Socket.last.breaks());
  upgrade.stop();
  upgrade.succeeded();
  upgrade.later();
  const times = tries(clock, 30, () => Socket.last.breaks());
  assert.deepEqual(times, [30]);
});

test("a socket that says hello is handed over, with all that it said", () => {
  const { upgrade, taken } = anUpgrade();
  upgrade.now();
  const socket = Socket.last;
  socket.opens();
  socket.hears({ type: "error", code: "name_taken" });
  assert.deepEqual(taken, []);
  socket.hears({ type: "hello" });
  assert.deepEqual(socket.sent, [JOIN]);
  assert.deepEqual(taken, [[socket, JOIN, [{ type: "error", code: "name_taken" }, { type: "hello" }]]]);
  upgrade.stop();
  assert.equal(socket.closed, false, "it is no longer ours to close");
});

test("while one is tried there is no second", () => {
  const { upgrade } = anUpgrade();
  upgrade.now();
  upgrade.now();
  assert.equal(Socket.all.length, 1);
});

test("one that opens and is not welcomed within ten seconds is closed", () => {
  const { upgrade, clock, taken } = anUpgrade();
  upgrade.now();
  const socket = Socket.last;
  socket.opens();
  clock.pass(9);
  const kept = socket.closed;
  clock.pass(1);
  assert.deepEqual([kept, socket.closed, taken], [false, true, []]);
});

test("where a browser makes no sockets it goes on trying", () => {
  let asked = 0;
  const { upgrade, clock } = anUpgrade(() => {
    asked += 1;
    throw new Error("SecurityError");
  });
  upgrade.now();
  clock.pass(60);
  assert.equal(asked, 2);
});

test("stopped, it closes what it tried and tries no more", () => {
  const { upgrade, clock } = anUpgrade();
  upgrade.now();
  upgrade.stop();
  clock.pass(1000);
  assert.deepEqual([Socket.all.length, Socket.last.closed, Socket.last.onmessage], [1, true, null]);
});
