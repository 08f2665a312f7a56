import assert from "node:assert/strict";
import { test } from "node:test";
import { anHttpSocket, message } from "./fakes.js";

test("over http posts go one after the other and claim the name with the first", async () => {
  const { requests, frames, sends, settled, joined } = anHttpSocket();
  await joined("Ada");
  for (const nonce of ["n1", "n2"]) sends({ type: "post", nonce, text: nonce });
  const posts = () => requests.filter(({ body }) => body);
  const first = posts().length;
  posts()[0].answer(201, { nonce: "n1", seq: 11 });
  await settled();
  posts()[1].answer(429, { code: "rate_limited", message: "Too fast.", retry_after: 3 });
  await settled();
  assert.equal(first, 1);
  const bodies = posts().map(({ body }) => body);
  assert.deepEqual(bodies, [
    { type: "post", nonce: "n1", text: "n1", name: "Ada" },
    { type: "post", nonce: "n2", text: "n2" },
  ]);
  assert.deepEqual(frames.slice(2), [
    { type: "accepted", nonce: "n1", seq: 11 },
    { type: "rejected", nonce: "n2", code: "rate_limited", message: "Too fast.", retry_after: 3 },
  ]);
});

test("over http a post that got no answer ends the connection undecided", async () => {
  const kinds = [];
  for (const ends of [
    (post) => post.fail(new TypeError("network")),
    (post) => post.answer(502, "an error of a proxy"),
    (_, { clock }) => clock.pass(31),
  ]) {
    const here = anHttpSocket();
    await here.joined("Ada");
    here.sends({ type: "post", nonce: "n1", text: "a" });
    ends(here.requests.at(-1), here);
    await here.settled();
    kinds.push(here.frames.slice(2).map(({ type }) => type));
  }
  assert.deepEqual(kinds, [["closed"], ["closed"], ["closed"]]);
});

test("over http a refused poll says why and when to come back", async () => {
  const { requests, frames, settled, joined } = anHttpSocket();
  await joined();
  requests.at(-1).answer(503, { code: "busy", message: "Busy.", retry_after: 2 });
  await settled();
  assert.deepEqual(frames.slice(2), [
    { type: "bye", code: "busy", message: "Busy.", retry_after: 2 },
    { type: "closed" },
  ]);
});

test("over http a ping asks at once and leaves the poll that waits", async () => {
  const { requests, sends, joined } = anHttpSocket();
  await joined();
  const waiting = requests.at(-1);
  sends({ type: "ping", seq: 10 });
  assert.ok(waiting.signal.aborted);
  assert.equal(requests.at(-1).path, "/api/messages?after=10&epoch=e&wait=0");
});

test("over http nothing is heard after it is closed", async () => {
  const { socket, requests, frames, page, settled, joined } = anHttpSocket();
  await joined();
  socket.close();
  requests.at(-1).answer(200, page(11, 11));
  await settled();
  assert.deepEqual([frames.length, socket.readyState], [2, 3]);
});

test("over http a join is answered by hello and what is new", async () => {
  const { requests, frames, sends, page, settled, opened } = anHttpSocket();
  await opened;
  sends({ type: "join", name: "Ada", since: { epoch: "e", seq: 10 } });
  requests[0].answer(200, page(11, 12, { messages: [message(11), message(12)], more: true }));
  await settled();
  requests[1].answer(200, page(13, 13, { messages: [message(13)] }));
  await settled();
  const [hello, ...news] = frames;
  const you = { id: "ada", name: "Ada" };
  assert.deepEqual(hello, { type: "hello", epoch: "e", seq: 12, you, resumed: true });
  assert.deepEqual(
    news.map(({ type, from, to }) => [type, from, to]),
    [
      ["messages", 11, 12],
      ["messages", 13, 13],
    ],
  );
  assert.deepEqual(
    requests.map(({ path }) => path),
    [
      "/api/messages?after=10&epoch=e&wait=0",
      "/api/messages?after=12&epoch=e&wait=0",
      "/api/messages?after=13&epoch=e&wait=25",
    ],
  );
});

test("over http another history begins with a hello", async () => {
  const { requests, frames, page, settled, joined } = anHttpSocket();
  await joined();
  requests.at(-1).answer(200, page(1, 2, { epoch: "other", resumed: false }));
  await settled();
  assert.deepEqual(
    frames.slice(2).map(({ type, epoch, resumed }) => [type, epoch, resumed]),
    [
      ["hello", "other", false],
      ["messages", "other", false],
    ],
  );
  assert.equal(requests.at(-1).path, "/api/messages?after=2&epoch=other&wait=25");
});

test("over http a busy server is not asked for what was written later", async () => {
  const { requests, frames, sends, settled, joined } = anHttpSocket();
  await joined("Ada");
  for (const nonce of ["n1", "n2"]) sends({ type: "post", nonce, text: nonce });
  requests.at(-1).answer(503, { code: "busy", message: "Busy.", retry_after: 2 });
  await settled();
  assert.equal(requests.filter(({ body }) => body).length, 1);
  assert.deepEqual(
    frames.slice(2).map(({ type, nonce, code }) => [type, nonce, code]),
    [
      ["rejected", "n1", "busy"],
      ["rejected", "n2", "busy"],
    ],
  );
});

test("over http a poll that hangs ends the connection", async () => {
  const here = anHttpSocket();
  await here.joined();
  here.clock.pass(36);
  await here.settled();
  assert.deepEqual(here.frames.slice(2), [{ type: "closed" }]);
});

test("over http what is written behind one that has to wait waits with it, whatever it waits for", async () => {
  for (const [status, refusal] of [
    [429, { code: "rate_limited", message: "Too fast.", retry_after: 3 }],
    [429, { code: "slow_mode", message: "Slowly.", retry_after: 3 }],
  ]) {
    const { requests, frames, sends, settled, joined } = anHttpSocket();
    await joined("Ada");
    for (const nonce of ["n1", "n2"]) sends({ type: "post", nonce, text: nonce });
    requests.at(-1).answer(status, refusal);
    await settled();
    assert.equal(requests.filter(({ body }) => body).length, 1);
    assert.deepEqual(
      frames.slice(2).map(({ type, nonce, code }) => [type, nonce, code]),
      ["n1", "n2"].map((nonce) => ["rejected", nonce, refusal.code]),
    );
  }
});

test("over http a new name that can't be had leaves the one before, and the message goes out under that", async () => {
  const { requests, frames, sends, settled, joined } = anHttpSocket();
  await joined("Ada");
  sends({ type: "post", nonce: "n1", text: "a" });
  requests.at(-1).answer(201, { nonce: "n1", seq: 11 });
  await settled();
  sends({ type: "join", name: "Taken" });
  await settled();
  sends({ type: "post", nonce: "n2", text: "b" });
  requests.at(-1).answer(409, { code: "name_taken", message: "Someone else has this name." });
  await settled();
  requests.at(-1).answer(201, { nonce: "n2", seq: 12 });
  await settled();
  const [error, hello, accepted] = frames.slice(-3);
  assert.deepEqual([error.code, hello.you, accepted.nonce], ["name_taken", { id: "ada", name: "Ada" }, "n2"]);
  assert.deepEqual(requests.at(-1).body, { type: "post", nonce: "n2", text: "b" });
});

test("over http a post of somebody whom the server does not know ends the connection undecided", async () => {
  const { requests, frames, sends, mistakes, settled, joined } = anHttpSocket();
  await joined("Ada");
  sends({ type: "post", nonce: "n1", text: "a" });
  requests.at(-1).answer(403, { code: "cookie_required", message: "Open the page first." });
  await settled();
  assert.deepEqual([mistakes, frames.length, requests.length], [["me"], 2, 3]);
});

test("over http a taken name is told as for a join and the post waits", async () => {
  const { requests, frames, sends, settled, joined } = anHttpSocket();
  await joined("Taken");
  sends({ type: "post", nonce: "n1", text: "a" });
  requests.at(-1).answer(409, { code: "name_taken", message: "Someone else has this name." });
  await settled();
  sends({ type: "join", name: "Free" });
  await settled();
  const [error, unnamed, named] = frames.slice(2);
  assert.deepEqual([error.type, error.for, error.code], ["error", "join", "name_taken"]);
  assert.deepEqual([unnamed.type, unnamed.you, unnamed.resumed], ["hello", null, true]);
  assert.deepEqual(named.you, { id: "ada", name: "Free" });
});

test("over http what is not known yet is asked again and told nobody", async () => {
  const { clock, requests, frames, sends, settled, joined } = anHttpSocket();
  await joined("Ada");
  for (const nonce of ["n1", "n2"]) sends({ type: "post", nonce, text: nonce });
  const posts = () => requests.filter(({ body }) => body);
  posts()[0].answer(504, { code: "unknown", message: "Not known.", retry_after: 2 });
  await settled();
  assert.equal(frames.length, 2, "told nobody");
  clock.pass(2);
  await settled();
  posts()[1].answer(200, { nonce: "n1", seq: 11 });
  await settled();
  assert.deepEqual(
    posts().map(({ body }) => body.nonce),
    ["n1", "n1", "n2"],
  );
  assert.deepEqual(posts()[0].body, posts()[1].body);
  assert.deepEqual(frames.slice(2), [{ type: "accepted", nonce: "n1", seq: 11 }]);
});

test("over http changes stand in one line with posts, and a reaction claims the name, too", async () => {
  const { requests, frames, sends, settled, joined } = anHttpSocket();
  await joined("Ada");
  sends({ type: "react", nonce: "n1", seq: 3, emoji: "🎉", on: true });
  sends({ type: "post", nonce: "n2", text: "a" });
  sends({ type: "remove", nonce: "n3", seq: 3 });
  const writes = () => requests.filter(({ body }) => body);
  for (const rev of [11, undefined, 13]) {
    writes()
      .at(-1)
      .answer(200, { nonce: writes().at(-1).body.nonce, seq: 3, rev });
    await settled();
  }
  assert.deepEqual(
    writes().map(({ path, body }) => [path, body.type, body.name]),
    [
      ["/api/changes", "react", "Ada"],
      ["/api/messages", "post", undefined],
      ["/api/changes", "remove", undefined],
    ],
  );
  assert.deepEqual(
    frames.slice(2).map(({ type, nonce, rev }) => [type, nonce, rev]),
    [
      ["accepted", "n1", 11],
      ["accepted", "n2", undefined],
      ["accepted", "n3", 13],
    ],
  );
});
