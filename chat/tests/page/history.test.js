import assert from "node:assert/strict";
import { test } from "node:test";
import { aHistory, message, settled } from "./fakes.js";

const LOADING = "Loading older messages…";
const page = { epoch: "e", messages: [], more: false };

test("what is older comes and the line says so only meanwhile", async () => {
  const { history, requests, line, again, pages } = aHistory();
  history.older();
  history.older();
  const loading = line.textContent;
  requests[0].answer(200, page);
  await settled();
  assert.deepEqual([requests.length, loading, line.textContent, again.hidden, pages], [1, LOADING, "", true, [page]]);
});

for (const [what, ends] of [
  ["hangs", ({ clock }) => clock.pass(16)],
  ["fails", ({ requests }) => requests[0].fail(new TypeError("network"))],
  ["is refused", ({ requests }) => requests[0].answer(503, { code: "busy" })],
])
  test(`a request that ${what} ends, and a button tries again`, async () => {
    const here = aHistory();
    here.history.older();
    ends(here);
    await settled();
    const failed = [here.line.textContent, here.again.hidden];
    here.again.onclick();
    const [first, second] = here.requests;
    second.answer(200, page);
    await settled();
    assert.deepEqual(failed, ["Older messages could not be loaded.", false]);
    assert.deepEqual(
      [first.path, here.line.textContent, here.again.hidden, here.pages],
      [second.path, "", true, [page]],
    );
  });

test("a new connection gives up what was asked on the last and asks again", async () => {
  const { history, requests, line, pages } = aHistory();
  history.reconnected();
  const idle = requests.length;
  history.older();
  history.reconnected();
  const [first, second] = requests;
  first.answer(200, page);
  await settled();
  second.answer(200, page);
  await settled();
  assert.deepEqual([idle, first.signal.aborted, line.textContent, pages.length], [0, true, "", 1]);
});

test("what lies between is loaded in long pages, over a new connection too", async () => {
  const { history, requests } = aHistory();
  const arriving = history.reach(20);
  history.reconnected();
  await settled();
  requests.at(-1).answer(200, { epoch: "e", messages: [message(11)], more: false });
  const failed = await arriving;
  assert.equal(requests[0].path, "/api/messages?before=51&limit=500");
  assert.equal(requests.length, 2);
  assert.equal(failed, false, "the timeline here never moves");
});
