import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff } from "../../../static/chat/connection.js";
import { aConnection, message, overHttp, Socket, wire } from "./fakes.js";

test("it comes back no earlier than the server asks", () => {
  const { states } = aConnection();
  Socket.last.welcomes();
  Socket.last.hears({ type: "bye", code: "restart", message: "Back soon.", retry_after: 7 });
  Socket.last.breaks();
  assert.deepEqual(wire(states.at(-1)), { name: "waiting", until: 7000, reason: "Back soon." });
});

test("a welcome makes the next delay short again", () => {
  const { clock, states } = aConnection(() => 1);
  for (let failures = 0; failures < 6; failures++) { Socket.last.breaks(); clock.pass(30); }
  Socket.last.welcomes();
  Socket.last.breaks();
  assert.deepEqual(wire(states.at(-1).until - clock.now()), 500);
});

test("a ban without an end is not knocked at", () => {
  const { clock, states } = aConnection();
  Socket.last.welcomes();
  Socket.last.hears({ type: "bye", code: "banned", message: "You are banned." });
  Socket.last.breaks();
  clock.pass(3600);
  assert.deepEqual(wire([states.at(-1), Socket.all.length]), [{ name: "closed", reason: "You are banned." }, 1]);
});

test("a server that says nothing is left", () => {
  const { clock } = aConnection();
  Socket.last.welcomes();
  const first = Socket.last;
  clock.pass(40);
  first.hears({ type: "tick" });
  clock.pass(40);
  const kept = first.closed;
  clock.pass(10);
  assert.deepEqual(wire([kept, first.closed]), [false, true]);
});

test("a connection without a welcome is left after ten seconds", () => {
  const { clock } = aConnection();
  Socket.last.opens();
  const first = Socket.last;
  clock.pass(9);
  const kept = first.closed;
  clock.pass(2);
  assert.deepEqual(wire([kept, first.closed]), [false, true]);
});

test("when the network comes back it does not wait", () => {
  const { connection } = aConnection(() => 1);
  Socket.last.breaks();
  connection.check();
  assert.deepEqual(wire(Socket.all.length), 2);
});

test("a connection that looks open is tried when the screen comes back", () => {
  const { connection, clock, events } = aConnection(() => 1);
  Socket.last.welcomes();
  const first = Socket.last;
  connection.check();
  clock.pass(6);
  assert.deepEqual(wire([events.includes("quiet"), first.closed]), [true, true]);
});

test("what a lost socket still says is not heard", () => {
  const { connection } = aConnection();
  const first = Socket.last;
  connection.open();
  assert.deepEqual(wire([first.onmessage, first.onclose]), [null, null]);
});

test("a socket that was welcomed and lost is no reason to work over http", () => {
  const { clock } = aConnection();
  for (let lost = 0; lost < 5; lost++) {
    Socket.last.welcomes();
    Socket.last.breaks();
    clock.pass(0);
  }
  assert.deepEqual(wire(Socket.all.map(({ kind }) => kind)), ["ws", "ws", "ws", "ws", "ws", "ws"]);
});

test("two sockets that opened and let nothing through are", () => {
  const { clock } = aConnection();
  for (let silent = 0; silent < 2; silent++) {
    Socket.last.opens();
    clock.pass(10);
  }
  assert.deepEqual(wire(Socket.last.kind), "http");
});

test("where http fails too it waits and begins with a socket again", () => {
  const { clock, states } = aConnection(() => 1);
  for (const wait of [0.5, 0, 1]) {
    Socket.last.breaks();
    clock.pass(wait);
  }
  const result = wire({ kinds: Socket.all.map(({ kind }) => kind), waiting: states.at(-2).name });
  assert.deepEqual(result, { kinds: ["ws", "ws", "http", "ws"], waiting: "waiting" });
});

test("over http it tries a socket every half minute and goes back to one that opens", () => {
  const { clock, states, http } = overHttp();
  clock.pass(29);
  http.hears({ type: "messages" });
  const before = Socket.last === http;
  clock.pass(2);
  const first = Socket.last;
  clock.pass(30);
  const meanwhile = [first.closed, http.closed];
  Socket.last.welcomes();
  const { kind } = Socket.last;
  const result = wire({ before, meanwhile, kind, http: http.closed, state: states.at(-1) });
  assert.deepEqual(result, { before: true, meanwhile: [true, false], kind: "ws", http: true, state: { name: "open", overHttp: false } });
});

test("over http it tries a socket when the network comes back", () => {
  const { connection, http } = overHttp();
  connection.check();
  assert.deepEqual(wire([Socket.last.kind, http.closed]), ["ws", false]);
});

test("delays have full jitter from half a second doubling to thirty", () => {
  const longest = [0, 1, 5, 6, 50].map((failures) => backoff(failures, () => 1));
  assert.deepEqual(longest, [500, 1000, 16_000, 30_000, 30_000]);
  assert.equal(backoff(50, () => 0), 0);
});

test("after a broken connection it says when it tries again and does", () => {
  const { clock, states } = aConnection(() => 1);
  Socket.last.breaks();
  clock.pass(0.4);
  assert.deepEqual(states[1], { name: "waiting", until: 500 });
  assert.equal(Socket.all.length, 1);
  clock.pass(0.2);
  assert.equal(Socket.all.length, 2);
});

for (const chance of [0, 1])
  test(`it asks for a ping every 20 to 25 seconds, at chance ${chance}`, () => {
    const { clock, events } = aConnection(() => chance);
    Socket.last.welcomes();
    clock.pass(39);
    Socket.last.hears({ type: "tick" });
    clock.pass(39);
    assert.equal(events.filter((event) => event === "quiet").length, 3);
  });

test("after two sockets in a row that never opened it works over http", () => {
  const { clock, states } = aConnection(() => 1);
  Socket.last.breaks();
  clock.pass(1);
  Socket.last.breaks();
  assert.equal(Socket.last.kind, "http");
  Socket.last.welcomes();
  assert.deepEqual(
    states.map(({ name }) => name),
    ["connecting", "waiting", "connecting", "open"],
  );
  assert.equal(states.at(-1).overHttp, true);
});
