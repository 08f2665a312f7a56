import assert from "node:assert/strict";
import { test } from "node:test";
import * as protocol from "../../../static/chat/connection/protocol.js";

test("a frame goes to its handler and an unknown one nowhere", () => {
  const heard = [];
  for (const type of ["tick", "news", "constructor", undefined])
    protocol.dispatch({ tick: (frame) => heard.push(frame.type) }, { type });
  assert.deepEqual(heard, ["tick"]);
});

test("what is not json is a frame without a type", () => {
  assert.deepEqual(
    ["{", "null", "7"].map((data) => protocol.decode(data).type ?? "none"),
    ["none", "none", "none"],
  );
});

test("length is counted as the server counts", () => {
  // An emoji is one character; an e with an accent is composed to one; the ends are cut.
  assert.equal(protocol.textLength("  🎉e\u0301\n"), 2);
});

test("a text that would break the connection is known before", () => {
  const limits = { frame: 16384 };
  assert.ok(protocol.fitsFrame("🎉".repeat(4000), limits));
  assert.ok(!protocol.fitsFrame("\u1112\u1161\u11ab".repeat(4000), limits)); // composed it would
});

test("of what a message can't have, what breaks a line becomes a line break and the rest goes", () => {
  const breaks = ["\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029", "\n"];
  for (const one of breaks) assert.equal(protocol.clean(`a${one}b`), "a\nb", JSON.stringify(one));
  assert.equal(protocol.clean("\0\x07\x1b[1ma\t\ud83db\udc4d🎉\x7f\x9b "), "[1ma\tb🎉");
  const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: FORBIDDEN in chat/protocol/text.py
  const refused = /[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]/;
  assert.deepEqual(
    all.filter((one) => refused.test(protocol.clean(`a${one}b`))),
    [],
  );
  const changed = all.filter((one) => protocol.clean(`a${one}b`) !== `a${one}b` && !refused.test(one));
  assert.deepEqual(changed, ["\u2028", "\u2029"]);
});

test("what was perhaps said before stays as it was said", () => {
  assert.deepEqual(["a\u2028b ", "a\vb "].map(protocol.mend), ["a\u2028b ", "a\nb"]);
});

test("a nonce has the form that the protocol wants", () => {
  assert.match(protocol.makeNonce(crypto), /^[A-Za-z0-9-]{8,64}$/);
});

test("a nonce can be made without crypto", () => {
  const nonces = [undefined, {}, globalThis.crypto].map(protocol.makeNonce);
  for (const nonce of nonces) assert.match(nonce, /^[0-9a-f]{32}$/);
  assert.equal(new Set(nonces).size, 3);
});
