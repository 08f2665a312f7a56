import assert from "node:assert/strict";
import { test } from "node:test";
import { makeAsk } from "../../../static/chat/connection/requests.js";
import { aServer, Clock } from "./fakes.js";

test("an answer has its status and what it says, good or bad", async () => {
  const { ask, requests } = aServer(new Clock());
  const answers = [ask("/a"), ask("/b")];
  requests[0].answer(200, { seq: 1 });
  requests[1].answer(429, { code: "rate_limited" });
  assert.deepEqual(await Promise.all(answers), [
    { ok: true, status: 200, body: { seq: 1 } },
    { ok: false, status: 429, body: { code: "rate_limited" } },
  ]);
});

test("our own headers go along with those of the request", async () => {
  const { ask, requests } = aServer(new Clock(), () => ({ Authorization: "Member m" }));
  const answer = ask("/a", { headers: { "Content-Type": "application/json" } });
  requests[0].answer(200, {});
  await answer;
  assert.deepEqual(requests[0].headers, { Authorization: "Member m", "Content-Type": "application/json" });
});

for (const [within, seconds] of [
  [undefined, 15],
  [30_000, 30],
])
  test(`it is given up after ${seconds} seconds`, async () => {
    const clock = new Clock();
    const { ask, requests } = aServer(clock);
    const answer = ask("/a", { within });
    const ended = assert.rejects(answer, { name: "AbortError" });
    clock.pass(seconds - 0.1);
    const patient = requests[0].signal.aborted;
    clock.pass(0.1);
    await ended;
    assert.deepEqual([patient, requests[0].signal.aborted], [false, true]);
  });

test("it is given up when who asked says so", async () => {
  const { ask, requests } = aServer(new Clock());
  const asking = new AbortController();
  const answer = ask("/a", { signal: asking.signal });
  asking.abort();
  await assert.rejects(answer, { name: "AbortError" });
  assert.ok(requests[0].signal.aborted);
});

test("who has given up before does not ask at all", async () => {
  const { ask, requests } = aServer(new Clock());
  await assert.rejects(ask("/a", { signal: AbortSignal.abort() }), { name: "AbortError" });
  assert.deepEqual(requests, []);
});

test("a body that is no json is an error, and nothing is left behind", async () => {
  const clock = new Clock();
  const signals = [];
  const fetch = async (_, { signal }) => {
    signals.push(signal);
    return { ok: true, status: 200, json: async () => JSON.parse("<html>") };
  };
  await assert.rejects(makeAsk({ fetch, clock })("/a"), SyntaxError);
  clock.pass(60);
  assert.equal(signals[0].aborted, false);
});
