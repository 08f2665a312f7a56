import assert from "node:assert/strict";
import { test } from "node:test";
import { anIdentity, settled } from "./fakes.js";

const TOKEN = { id: "ada", token: "ada:signed" };
const blocked = () => {
  throw new Error("SecurityError");
};
const introduced = (identity) => {
  const told = [];
  identity.introduce(
    () => told.push("known"),
    (why) => told.push(why),
  );
  return told;
};

test("a page with a cookie knows at once who it is and asks for nothing", () => {
  const { identity, requests } = anIdentity(() => "theme=dark; me=bob");
  assert.deepEqual(introduced(identity), ["known"]);
  assert.deepEqual([identity.id, identity.token, identity.headers, requests.length], ["bob", undefined, {}, 0]);
});

for (const [where, cookies] of [
  ["are not kept", () => "theme=dark; some=1"],
  ["are forbidden", blocked],
])
  test(`where cookies ${where} it asks for a token, once`, async () => {
    const { identity, requests } = anIdentity(cookies);
    const told = introduced(identity);
    const before = [told.length, identity.id];
    requests[0].answer(201, TOKEN);
    await settled();
    const again = introduced(identity);
    assert.deepEqual([before, told, again, requests.length], [[0, null], ["known"], ["known"], 1]);
    assert.deepEqual(
      [identity.id, identity.token, identity.headers],
      ["ada", "ada:signed", { Authorization: "Member ada:signed" }],
    );
    assert.equal(requests[0].path, "/api/member");
  });

test("a token that can't be had is told with the reason, and one that doesn't come ends", async () => {
  const { identity, requests, clock } = anIdentity(blocked);
  const refused = introduced(identity);
  requests[0].answer(429, { code: "rate_limited", message: "Too fast.", retry_after: 3 });
  await settled();
  const late = introduced(identity);
  clock.pass(16);
  await settled();
  assert.deepEqual([refused[0].retry_after, late], [3, [undefined]]);
});

test("who asks anew is not told of what was asked before", async () => {
  const { identity, requests } = anIdentity(blocked);
  const [first, second] = [introduced(identity), introduced(identity)];
  for (const request of requests) request.answer(201, TOKEN);
  await settled();
  assert.deepEqual([first, second], [[], ["known"]]);
});

test("a cookie that the server doesn't know is worth nothing, until there is another", async () => {
  let cookie = "me=bob";
  const { identity, requests } = anIdentity(() => cookie);
  identity.forget();
  introduced(identity);
  requests[0].answer(201, TOKEN);
  await settled();
  const instead = identity.id;
  cookie = "me=eve";
  assert.deepEqual([instead, identity.id, identity.token], ["ada", "eve", undefined]);
});

test("a token that the server doesn't know is asked for anew", async () => {
  const { identity, requests } = anIdentity(blocked);
  introduced(identity);
  requests[0].answer(201, TOKEN);
  await settled();
  identity.forget();
  introduced(identity);
  assert.deepEqual([identity.id, requests.length], [null, 2]);
});

test("who signs other browsers out keeps the new token, and hears where that failed", async () => {
  const { identity, requests } = anIdentity(blocked);
  introduced(identity);
  requests[0].answer(201, TOKEN);
  await settled();
  const answers = [];
  for (const [status, body] of [
    [200, { id: "ada", token: "ada.1:signed" }],
    [503, { code: "busy" }],
  ]) {
    const asked = identity.signOutOthers();
    requests.at(-1).answer(status, body);
    answers.push(await asked, identity.token);
  }
  assert.deepEqual(answers, [true, "ada.1:signed", false, "ada.1:signed"]);
  assert.deepEqual(requests[1].body, { forget: true });
});
