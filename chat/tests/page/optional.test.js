import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, RefusedSocket, silence } from "../../../static/chat/dom/optional.js";

test("what a browser has is used, and what it lacks has a stand-in", () => {
  const made = [() => "the real one", () => new NoSuchThing()].map((make) => attempt(make, () => "instead"));
  assert.deepEqual(made, ["the real one", "instead"]);
});

test("in place of a channel nobody answers", () => {
  const channel = silence();
  channel.onmessage = () => assert.fail("somebody answered");
  assert.equal(channel.postMessage({ type: "ask" }), undefined);
});

test("a socket that can't be made is as one that is refused", async () => {
  const socket = new RefusedSocket();
  let refused = 0;
  socket.onclose = () => {
    refused += 1;
  };
  await null;
  assert.deepEqual([refused, socket.readyState], [1, 3]);
});

test("a socket that can't be made tells nothing once it is closed", async () => {
  const socket = new RefusedSocket();
  socket.onclose = () => assert.fail("it told");
  socket.close();
  await null;
  assert.equal(socket.onclose, null);
});
