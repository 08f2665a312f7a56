import assert from "node:assert/strict";
import { test } from "node:test";
import { aSession, HELLO } from "./fakes.js";

test("the first join goes on from the position of the page", () => {
  assert.deepEqual(aSession("Ada").sent, [{ type: "join", name: "Ada", since: { epoch: "e", seq: 10 } }]);
});

test("a gap is noticed and asked for once", () => {
  const { session, sent, taken, hears } = aSession();
  session.receive(HELLO);
  hears("messages", 11, 12);
  hears("messages", 15, 15);
  hears("messages", 16, 16);
  session.receive(HELLO);
  hears("messages", 13, 16);
  assert.deepEqual(sent.slice(1), [{ type: "join", since: { epoch: "e", seq: 12 } }]);
  assert.deepEqual(taken, [
    [12, false],
    [16, false],
  ]);
});

test("what comes twice does not set the position back", () => {
  const { session, sent, hears } = aSession();
  session.receive(HELLO);
  hears("messages", 11, 14);
  hears("messages", 11, 12);
  session.ping();
  assert.deepEqual(sent.at(-1), { type: "ping", seq: 14 });
});

test("a resumption that failed begins anew", () => {
  const { session, taken, hears } = aSession();
  session.receive({ ...HELLO, epoch: "other", resumed: false });
  hears("messages", 1, 3);
  hears("messages", 4, 4);
  assert.deepEqual(
    [taken, session.epoch],
    [
      [
        [3, true],
        [4, false],
      ],
      "other",
    ],
  );
});

test("a connection lost while it begins anew begins anew on the next", () => {
  const { session, sent, taken, hears } = aSession();
  session.receive({ ...HELLO, epoch: "other", resumed: false });
  session.opened();
  session.receive({ ...HELLO, epoch: "other" });
  hears("messages", 1, 12);
  assert.deepEqual(sent.at(-1).since, { epoch: "other", seq: 0 });
  assert.deepEqual(taken, [[12, true]]);
});

test("what a tick promises is fetched if it is not here by the next", () => {
  const { session, sent, hears } = aSession();
  session.receive(HELLO);
  hears("tick", 0, 12);
  const patient = sent.length;
  hears("tick", 0, 12);
  assert.deepEqual([patient, sent.length], [1, 2]);
});

test("a tick of another epoch makes it join again", () => {
  const { session, sent } = aSession();
  session.receive(HELLO);
  session.receive({ type: "tick", epoch: "other", seq: 10 });
  assert.equal(sent.length, 2);
});

test("a name waits for the answer to the join before", () => {
  const { session, sent } = aSession();
  session.rename("Ada");
  const before = sent.length;
  session.receive(HELLO);
  assert.deepEqual([before, sent[1]], [1, { type: "join", name: "Ada" }]);
});

test("a name given without a connection goes along with the next join", () => {
  const { session, sent } = aSession("Ada");
  session.rename("Countess");
  session.opened();
  session.receive(HELLO);
  session.opened();
  assert.deepEqual(
    sent.map(({ name }) => name),
    ["Ada", "Countess", "Ada"],
  );
});

test("a first join that was not tried comes back by itself", () => {
  const { session, errors, drops } = aSession("Ada");
  const error = { type: "error", for: "join", code: "rate_limited", retry_after: 3 };
  session.receive(error);
  assert.deepEqual(errors, []);
  assert.equal(drops[0].retry_after, 3);
});

for (const code of ["rate_limited", "busy", "name_taken", "name_invalid"])
  test(`a rename that was refused as ${code} does not go out with the next join`, () => {
    const { session, sent, errors } = aSession("Ada");
    session.receive(HELLO);
    session.rename("Countess");
    session.receive({ type: "error", for: "join", code, retry_after: code.startsWith("name") ? undefined : 3 });
    session.receive(HELLO);
    session.opened();
    assert.deepEqual([errors, sent.at(-1).name], [[code], "Ada"]);
  });

test("a rename that got no answer goes out with the next join", () => {
  const { session, sent } = aSession("Ada");
  session.receive(HELLO);
  session.rename("Countess");
  session.opened();
  assert.equal(sent.at(-1).name, "Countess");
});

test("a socket beside joins from where we are, and its hello is the answer to that", () => {
  const { session, sent, hears } = aSession("Ada", "token");
  session.receive(HELLO);
  const join = session.joinBeside();
  hears("messages", 11, 12);
  const follows = session.follows(join);
  session.receive(HELLO);
  hears("messages", 11, 13);
  session.ping();
  assert.deepEqual(join, { type: "join", name: "Ada", since: { epoch: "e", seq: 10 }, token: "token" });
  assert.deepEqual([follows, sent.at(-1)], [true, { type: "ping", seq: 13 }]);
});

test("a socket beside that joined in another history does not follow", () => {
  const { session } = aSession("Ada");
  session.receive(HELLO);
  const join = session.joinBeside();
  session.receive({ ...HELLO, epoch: "other", resumed: false });
  assert.equal(session.follows(join), false);
});

test("a token goes along with every join, and one that the server doesn't know is given up", () => {
  const { session, sent, errors, mistakes } = aSession("Ada", "token");
  session.receive({ type: "error", for: "join", code: "bad_field" });
  session.rename("Countess");
  assert.deepEqual([mistakes, errors, sent.map(({ token }) => token)], [["token"], [], ["token"]]);
});
