import assert from "node:assert/strict";
import { test } from "node:test";
import { Heartbeat } from "../../../static/chat/connection/heartbeat.js";
import { Clock } from "./fakes.js";

// The time of each call is in `told`, in seconds.
function aHeartbeat() {
  const clock = new Clock();
  const told = [];
  const server = { owes: false, pinged() {} };
  const tell = (what) => told.push([what, clock.now() / 1000]);
  const heartbeat = new Heartbeat({
    clock,
    random: () => 0,
    expects: () => server.owes,
    ping: () => tell("ping") && server.pinged(),
    doubts: (doubtful) => tell(doubtful ? "doubts" : "sure"),
    silent: () => tell("silent") && heartbeat.stop(),
  });
  return { heartbeat, clock, told, server };
}

test("a welcome that doesn't come within ten seconds is missed", () => {
  const { heartbeat, clock, told } = aHeartbeat();
  heartbeat.wait();
  clock.pass(60);
  assert.deepEqual(told, [["silent", 10]]);
});

test("who says nothing for 45 seconds is missed, whatever pings went out", () => {
  const { heartbeat, clock, told } = aHeartbeat();
  heartbeat.wait();
  heartbeat.welcomed();
  clock.pass(60);
  assert.deepEqual(told, [
    ["ping", 20],
    ["ping", 40],
    ["silent", 45],
  ]);
});

test("what is sent and has no answer is in doubt, and a word takes the doubt away", () => {
  const { heartbeat, clock, told } = aHeartbeat();
  heartbeat.welcomed();
  heartbeat.sent();
  clock.pass(5);
  heartbeat.heard();
  clock.pass(10);
  assert.deepEqual(told, [
    ["doubts", 5],
    ["ping", 5],
    ["sure", 5],
  ]);
});

test("a word that is not the answer begins the wait for it anew", () => {
  const { heartbeat, clock, told, server } = aHeartbeat();
  heartbeat.welcomed();
  server.owes = true;
  heartbeat.sent();
  clock.pass(4);
  heartbeat.heard();
  clock.pass(4);
  assert.deepEqual(told, []);
  clock.pass(1);
  assert.deepEqual(told, [
    ["doubts", 9],
    ["ping", 9],
  ]);
});

test("the answer to a probe has five seconds, and its ping begins no others", () => {
  const { heartbeat, clock, told, server } = aHeartbeat();
  server.pinged = () => heartbeat.sent();
  heartbeat.welcomed();
  heartbeat.probe();
  clock.pass(5);
  assert.deepEqual(told, [
    ["ping", 0],
    ["silent", 5],
  ]);
});

test("stopped, it does nothing any more", () => {
  const { heartbeat, clock, told } = aHeartbeat();
  heartbeat.welcomed();
  heartbeat.sent();
  heartbeat.stop();
  clock.pass(300);
  assert.deepEqual(told, []);
});
