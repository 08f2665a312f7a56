import assert from "node:assert/strict";
import { test } from "node:test";
import { Quotes } from "../../../static/chat/state/quotes.js";
import { Timeline } from "../../../static/chat/state/timeline.js";
import { aServer, Clock, message, settled } from "./fakes.js";

function someQuotes() {
  const clock = new Clock();
  const timeline = new Timeline();
  timeline.start([message(60)], 60);
  const { ask, requests } = aServer(clock);
  const quotes = new Quotes({ ask, clock, timeline, epoch: () => "e", changed() {} });
  return { quotes, timeline, requests, clock };
}
const page = (...messages) => ({ epoch: "e", seq: 99, messages });

test("what the timeline knows is not asked for, and the rest together", async () => {
  const { quotes, requests } = someQuotes();
  assert.equal(quotes.get(60).text, "text 60");
  for (const seq of [3, 4, 3, 5]) assert.equal(quotes.get(seq), undefined);
  await settled();
  requests[0].answer(200, page(message(3), message(4)));
  await settled();
  quotes.get(3);
  await settled();
  assert.deepEqual(
    requests.map(({ path }) => path),
    ["/api/messages?seqs=3,4,5"],
  );
  assert.deepEqual([quotes.get(4).text, quotes.get(5).removed], ["text 4", true]);
});

test("fifty at a time, and what failed again after a while", async () => {
  const { quotes, requests, clock } = someQuotes();
  for (let seq = 1; seq <= 51; seq++) quotes.get(seq);
  await settled();
  requests[0].fail(new TypeError("network"));
  await settled();
  assert.equal(requests.length, 1);
  clock.pass(3);
  await settled();
  requests[1].answer(200, page());
  await settled();
  assert.equal(requests[0].path, requests[1].path);
  assert.equal(requests[2].path, "/api/messages?seqs=51");
});

test("what is changed while its former state is on its way is shown as it is now", async () => {
  const { quotes, requests } = someQuotes();
  quotes.get(3);
  await settled();
  quotes.follow([{ ...message(3, { rev: 80 }), removed: true }]);
  requests[0].answer(200, page(message(3)));
  await settled();
  assert.equal(quotes.get(3).removed, true);
});

test("a timeline that began anew is quoted anew", async () => {
  const { quotes, requests } = someQuotes();
  quotes.get(3);
  await settled();
  quotes.forget();
  requests[0].answer(200, page(message(3)));
  await settled();
  assert.equal(quotes.get(3), undefined);
});
