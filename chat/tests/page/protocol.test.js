import assert from "node:assert/strict";
import { test } from "node:test";
import * as protocol from "../../../static/chat/protocol.js";
import { wire } from "./fakes.js";

test("a frame goes to its handler and an unknown one nowhere", () => {
  const heard = [];
  for (const type of ["tick", "news", "constructor", undefined])
    protocol.dispatch({ tick: (frame) => heard.push(frame.type) }, { type });
  assert.deepEqual(wire(heard), ["tick"]);
});

test("what is not json is a frame without a type", () => {
  assert.deepEqual(wire(["{", "null", "7"].map((data) => protocol.decode(data).type ?? "none")), ["none", "none", "none"]);
});

test("length is counted as the server counts", () => {
  // An emoji is one character; an e with an accent is composed to one; the ends are cut.
  assert.deepEqual(wire(protocol.textLength("  🎉e\u0301\n")), 2);
});

test("a text that would break the connection is known before", () => {
  const limits = { frame: 16384 };
  assert.ok(protocol.fitsFrame("🎉".repeat(4000), limits));
  assert.ok(!protocol.fitsFrame("\x01".repeat(4000), limits));
});

test("a nonce has the form that the protocol wants", () => {
  assert.match(protocol.makeNonce(crypto), /^[A-Za-z0-9-]{8,64}$/);
});
