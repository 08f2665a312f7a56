import assert from "node:assert/strict";
import { test } from "node:test";
import { makeNonce } from "../../../static/chat/connection/protocol.js";
import { attempt, RefusedSocket, silence } from "../../../static/chat/dom/optional.js";
import { say } from "../../../static/chat/dom/words.js";

test("what is said again is not written over its translation", () => {
  const line = { textContent: "Connecting…" };
  say(line, "Connected");
  line.textContent = "Verbunden";
  say(line, "Connected");
  assert.equal(line.textContent, "Verbunden");
  say(line, "Offline.");
  assert.equal(line.textContent, "Offline.");
});

test("what the server has rendered already is not written again", () => {
  let writes = 0;
  const line = {
    get textContent() {
      return "3 here";
    },
    set textContent(_) {
      writes += 1;
    },
  };
  say(line, "3 here");
  say(line, "4 here");
  assert.equal(writes, 1);
});

test("what a browser lacks has a stand-in", async () => {
  assert.equal(
    attempt(
      () => new NoSuchThing(),
      () => "instead",
    ),
    "instead",
  );
  silence().postMessage({});
  const socket = new RefusedSocket();
  let refused = 0;
  socket.onclose = () => (refused += 1);
  await null;
  assert.deepEqual([refused, socket.readyState], [1, 3]);
});

test("a nonce can be made without crypto", () => {
  const nonces = [undefined, {}, globalThis.crypto].map(makeNonce);
  for (const nonce of nonces) assert.match(nonce, /^[0-9a-f]{32}$/);
  assert.equal(new Set(nonces).size, 3);
});
