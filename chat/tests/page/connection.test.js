import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff, Connection } from "../../../static/chat/connection/connection.js";
import { aConnection, Clock, overHttp, Socket } from "./fakes.js";

test("it comes back no earlier than the server asks", () => {
  const { states } = aConnection();
  Socket.last.welcomes();
  Socket.last.hears({ type: "bye", code: "restart", message: "Back soon.", retry_after: 7 });
  Socket.last.breaks();
  assert.deepEqual(states.at(-1), { name: "waiting", until: 7000, reason: "Back soon." });
});

test("a socket that lasts makes the next delay short again and a welcome does not", () => {
  const { clock, states } = aConnection(() => 1);
  const delayAfter = (seconds) => {
    Socket.last.welcomes();
    clock.pass(seconds);
    Socket.last.breaks();
    return states.at(-1).until - clock.now();
  };
  const delays = [];
  for (const seconds of [0, 9, 11]) {
    delays.push(delayAfter(seconds));
    clock.pass(delays.at(-1) / 1000);
  }
  assert.deepEqual(delays, [500, 1000, 500]);
});

test("a ban without an end is not knocked at", () => {
  const { clock, states } = aConnection();
  Socket.last.welcomes();
  Socket.last.hears({ type: "bye", code: "banned", message: "You are banned." });
  Socket.last.breaks();
  clock.pass(3600);
  assert.deepEqual([states.at(-1), Socket.all.length], [{ name: "closed", reason: "You are banned." }, 1]);
});

test("a server that says nothing is left within ten seconds of a ping", () => {
  const { clock } = aConnection();
  Socket.last.welcomes();
  const first = Socket.last;
  for (let seconds = 0; seconds < 40; seconds += 2) {
    clock.pass(2);
    first.hears({ type: "tick" });
  }
  const kept = first.closed;
  clock.pass(30);
  assert.deepEqual([kept, first.closed], [false, true]);
});

test("a connection without a welcome is left after ten seconds", () => {
  const { clock } = aConnection();
  Socket.last.opens();
  const first = Socket.last;
  clock.pass(9);
  const kept = first.closed;
  clock.pass(2);
  assert.deepEqual([kept, first.closed], [false, true]);
});

test("when the network comes back it does not wait", () => {
  const { connection } = aConnection(() => 1);
  Socket.last.breaks();
  connection.check();
  assert.equal(Socket.all.length, 2);
});

test("a connection that looks open is tried when the screen comes back", () => {
  const { connection, clock, events } = aConnection(() => 1);
  Socket.last.welcomes();
  const first = Socket.last;
  connection.check();
  clock.pass(6);
  assert.deepEqual([events.includes("quiet"), first.closed], [true, true]);
});

test("what a lost socket still says is not heard", () => {
  const { connection } = aConnection();
  const first = Socket.last;
  connection.open();
  assert.deepEqual([first.onmessage, first.onclose], [null, null]);
});

test("sockets that last for a while and are lost are no reason to work over http", () => {
  const { clock } = aConnection();
  for (let lost = 0; lost < 5; lost++) {
    Socket.last.welcomes();
    clock.pass(11);
    Socket.last.breaks();
    clock.pass(0);
  }
  assert.deepEqual(
    Socket.all.map(({ kind }) => kind),
    ["ws", "ws", "ws", "ws", "ws", "ws"],
  );
});

test("three that are welcomed and closed are, and meanwhile it backs off", () => {
  const { clock, states } = aConnection(() => 1);
  const delays = [];
  for (let closed = 0; closed < 3; closed++) {
    Socket.last.welcomes();
    clock.pass(0.1);
    Socket.last.breaks();
    delays.push(states.at(-1).until - clock.now());
    if (closed < 2) clock.pass(delays.at(-1) / 1000);
  }
  assert.deepEqual([delays.slice(0, 2), Socket.last.kind], [[500, 1000], "http"]);
});

test("a server that says why it closes each socket is no reason to work over http and is not hurried", () => {
  const { clock } = aConnection(() => 1);
  for (let second = 0; second < 60; second++) {
    if (!Socket.last.closed) {
      Socket.last.welcomes();
      Socket.last.hears({ type: "bye", code: "resync", message: "Again." });
      Socket.last.breaks();
      Socket.last.closed = true;
    }
    clock.pass(1);
  }
  assert.deepEqual(new Set(Socket.all.map(({ kind }) => kind)), new Set(["ws"]));
  assert.ok(Socket.all.length <= 8, `${Socket.all.length} in a minute`);
});

test("a ban that ends a socket before its welcome is not answered over http", () => {
  const { clock, states } = aConnection();
  for (let knocks = 0; knocks < 3; knocks++) {
    Socket.last.opens();
    Socket.last.hears({ type: "bye", code: "banned", message: "You are banned.", retry_after: 3600 });
    Socket.last.breaks();
    clock.pass(3601);
  }
  assert.deepEqual([states.at(-2).name, new Set(Socket.all.map(({ kind }) => kind)).size], ["closed", 1]);
});

test("when the screen comes back it waits on where the server has said when", () => {
  const { connection, clock } = aConnection();
  Socket.last.welcomes();
  Socket.last.hears({ type: "bye", code: "restart", message: "Back soon.", retry_after: 7 });
  Socket.last.breaks();
  connection.check();
  const patient = Socket.all.length;
  clock.pass(7);
  assert.deepEqual([patient, Socket.all.length], [1, 2]);
});

test("what is sent on a dead socket is missed after five seconds and the socket is left after ten", () => {
  const { connection, clock, states, events } = aConnection(() => 1);
  Socket.last.welcomes();
  const first = Socket.last;
  clock.pass(12);
  connection.send({ type: "post" });
  clock.pass(4.9);
  const patient = [events.includes("quiet"), states.at(-1).name];
  clock.pass(0.2);
  const doubts = [events.includes("quiet"), states.at(-1).name, first.closed];
  clock.pass(5);
  const result = [patient, doubts, first.closed, states.at(-1).name];
  assert.deepEqual(result, [[false, "open"], [true, "doubtful", false], true, "waiting"]);
});

test("a socket that says anything is kept, and asked again while an answer is due", () => {
  const { connection, clock, states, events, answers } = aConnection(() => 1);
  Socket.last.welcomes();
  answers.expected = true;
  connection.send({ type: "post" });
  for (let times = 0; times < 3; times++) {
    clock.pass(6);
    Socket.last.hears({ type: "tick" });
  }
  const asked = events.filter((event) => event === "quiet").length;
  answers.expected = false;
  Socket.last.hears({ type: "accepted" });
  clock.pass(6);
  const result = [asked, Socket.last.closed, states.at(-1).name, events.filter((event) => event === "quiet").length];
  assert.deepEqual(result, [3, false, "open", 3]);
});

test("a browser without web sockets works over http", () => {
  const clock = new Clock();
  const on = { state() {}, open() {}, frame() {} };
  const webSocket = () => {
    throw new ReferenceError("WebSocket is not defined");
  };
  const connection = new Connection({
    webSocket,
    httpSocket: () => new Socket("http"),
    expects: () => false,
    clock,
    random: () => 0,
    on,
  });
  connection.open();
  clock.pass(1);
  assert.equal(Socket.last.kind, "http");
});

test("two sockets that opened and let nothing through are", () => {
  const { clock } = aConnection();
  for (let silent = 0; silent < 2; silent++) {
    Socket.last.opens();
    clock.pass(10);
  }
  assert.equal(Socket.last.kind, "http");
});

test("where http fails too it waits and begins with a socket again", () => {
  const { clock, states } = aConnection(() => 1);
  for (const wait of [0.5, 0, 1]) {
    Socket.last.breaks();
    clock.pass(wait);
  }
  const result = { kinds: Socket.all.map(({ kind }) => kind), waiting: states.at(-2).name };
  assert.deepEqual(result, { kinds: ["ws", "ws", "http", "ws"], waiting: "waiting" });
});

test("over http it tries sockets beside it, ever more rarely, and goes back to one that says hello", () => {
  const { connection, clock, states, http } = overHttp();
  const tries = [];
  for (let second = 1; second <= 460; second++) {
    clock.pass(1);
    http.hears({ type: "messages" });
    if (Socket.last === http || Socket.last.readyState) continue;
    Socket.last.opens(); // and is deaf
    tries.push(second);
  }
  const trials = Socket.all.slice(3);
  const kept = [http.closed, trials.map(({ closed }) => closed)];
  clock.pass(20);
  http.hears({ type: "messages" });
  connection.check();
  Socket.last.welcomes();
  assert.deepEqual(tries, [30, 100, 230]);
  assert.deepEqual(kept, [false, [true, true, true]]);
  assert.deepEqual([http.closed, states.at(-1)], [true, { name: "open", overHttp: false }]);
  assert.deepEqual(Socket.last.sent, [{ type: "join" }]);
});

test("the socket that follows on http has said nothing that is not heard, and nothing twice", () => {
  const { clock, events, http } = overHttp();
  http.hears({ type: "messages" });
  clock.pass(20);
  http.hears({ type: "messages" });
  clock.pass(10.5);
  events.length = 0;
  Socket.last.opens();
  Socket.last.hears({ type: "error", code: "name_taken" });
  Socket.last.hears({ type: "hello" });
  Socket.last.hears({ type: "messages" });
  assert.deepEqual(events, ["error", "hello", "messages"]);
});

test("a server that is too busy for the socket keeps the page over http", () => {
  const { clock, http } = overHttp();
  http.hears({ type: "messages" });
  clock.pass(29);
  http.hears({ type: "messages" });
  clock.pass(2);
  const trial = Socket.last;
  trial.opens();
  trial.hears({ type: "error", for: "join", code: "busy", retry_after: 1 });
  trial.onmessage?.({ data: '{"type":"hello"}' });
  assert.deepEqual([trial.closed, http.closed], [true, false]);
});

test("over http it tries a socket when the network comes back", () => {
  const { connection, http } = overHttp();
  connection.check();
  assert.deepEqual([Socket.last.kind, http.closed], ["ws", false]);
});

test("delays have full jitter from half a second doubling to thirty", () => {
  const longest = [0, 1, 5, 6, 50].map((failures) => backoff(failures, () => 1));
  assert.deepEqual(longest, [500, 1000, 16_000, 30_000, 30_000]);
  assert.equal(
    backoff(50, () => 0),
    0,
  );
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
    for (let second = 0; second < 78; second++) {
      clock.pass(1);
      Socket.last.hears({ type: "tick" });
    }
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

test("a page that is put away has no socket and comes back with a new one", () => {
  const { connection, states } = aConnection();
  Socket.last.welcomes();
  connection.rest();
  assert.deepEqual([Socket.last.closed, Socket.all.length, states.at(-1).name], [true, 1, "connecting"]);
  connection.check();
  assert.deepEqual([Socket.all.length, states.at(-1).name], [2, "connecting"]);
  Socket.last.welcomes();
  assert.equal(states.at(-1).name, "open");
});

test("a page that is put away while it waits goes on waiting", () => {
  const { connection, states, clock } = aConnection();
  Socket.last.welcomes();
  Socket.last.hears({ type: "bye", code: "restart", message: "Back soon.", retry_after: 7 });
  Socket.last.breaks();
  connection.rest();
  assert.equal(states.at(-1).name, "waiting");
  clock.pass(8);
  assert.equal(Socket.all.length, 2);
});
