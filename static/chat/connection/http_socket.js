import { comesLater, decode, dispatch, encode } from "./protocol.js";

const PATH = "/api/messages";
const CHANGES = "/api/changes";
const CLAIMS = new Set(["post", "react"]); // what a name is reserved with
const WAIT = 25;
const POLL_WITHIN = 10_000; // and the wait
const POST_WITHIN = 30_000; // the server's own answer comes within 28 s
const ABOUT_THE_NAME = new Set(["name_required", "name_invalid", "name_taken"]);

// The room over plain HTTP, for where WebSockets are blocked. To its user it is like a WebSocket:
// frames that go in become requests, those that are to be stored one after the other, and the answers
// come out as frames.
export class HttpSocket {
  readyState = 0;
  #parts;
  #position;
  #you = null;
  #held = null; // the name under which something was posted
  #claim;
  #ungreeted = false;
  #writes = [];
  #polling = new AbortController();
  #closing = new AbortController();
  #handlers = {
    join: (frame) => this.#join(frame),
    post: (frame) => this.#queue(frame, PATH),
    edit: (frame) => this.#queue(frame, CHANGES),
    remove: (frame) => this.#queue(frame, CHANGES),
    react: (frame) => this.#queue(frame, CHANGES),
    ping: () => this.#poll(),
  };

  // ask(path, init); clock; me(): our id; mistaken(): the server doesn't know who we are, begin again
  constructor(parts) {
    this.#parts = parts;
    queueMicrotask(() => this.#open());
  }

  send(data) {
    dispatch(this.#handlers, decode(data));
  }

  close() {
    this.readyState = 3;
    this.#polling.abort();
    this.#closing.abort();
  }

  #open() {
    if (this.readyState === 3) return;
    this.readyState = 1;
    this.onopen?.();
  }

  // The server reserves the name with the first post under it. Until then we assume that it is free.
  #join({ name, since }) {
    if (name) {
      this.#you = { id: this.#parts.me(), name };
      this.#claim = name;
    }
    if (!since) return queueMicrotask(() => this.#greet({ ...this.#position, resumed: true }));
    this.#position = since;
    this.#ungreeted = true;
    this.#poll();
  }

  // The first poll does not wait: its answer shows that the server is there.
  async #poll() {
    this.#polling.abort();
    this.#polling = new AbortController();
    const { signal } = this.#polling;
    for (let wait = 0; !signal.aborted; ) {
      const { epoch, seq } = this.#position;
      const query = new URLSearchParams({ after: seq, epoch, wait });
      const within = POLL_WITHIN + wait * 1000;
      const page = await this.#request(`${PATH}?${query}`, { signal, within });
      if (signal.aborted) return;
      if (page.code) return this.#fail({ ...page, type: "bye" });
      this.#position = { epoch: page.epoch, seq: page.to };
      if (this.#ungreeted || !page.resumed) this.#greet(page);
      this.#say({ ...page, type: "messages" });
      wait = page.more ? 0 : WAIT;
    }
  }

  // What the room is called and who is here is not known over HTTP.
  #greet({ epoch, seq, resumed }) {
    this.#ungreeted = false;
    this.#say({ type: "hello", epoch, seq, you: this.#you, resumed });
  }

  #queue(frame, path) {
    if (this.#writes.push({ frame, path }) === 1) this.#write();
  }

  async #write() {
    while (this.#writes.length && this.readyState !== 3) {
      const { frame, path } = this.#writes[0];
      const answer = await this.#request(path, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: encode({ ...frame, name: this.#claim }),
        signal: this.#closing.signal,
        within: POST_WITHIN,
      });
      if (this.readyState === 3) return;
      if (answer.code === "unknown") await this.#rest(answer);
      else if (ABOUT_THE_NAME.has(answer.code)) this.#unname(answer);
      else if (answer.code === "cookie_required") return this.#parts.mistaken();
      else this.#answer(this.#writes.shift(), answer);
    }
  }

  // The server does not know yet whether it was stored: the same is asked again, and nobody is told.
  #rest({ retry_after: wait }) {
    return new Promise((again) => this.#parts.clock.setTimeout(again, wait * 1000));
  }

  #answer({ frame: { type, nonce } }, { code, ...rest }) {
    const rejected = { ...rest, type: "rejected", nonce, code };
    if (code) this.#say(rejected);
    else this.#accepted(rest, type);
    // What was written after it must not go before it.
    if (code && comesLater(rejected))
      for (const { frame } of this.#writes.splice(0)) this.#say({ ...rejected, nonce: frame.nonce });
  }

  #accepted(fields, type) {
    if (CLAIMS.has(type)) {
      this.#held = this.#you?.name;
      this.#claim = undefined;
    }
    this.#say({ ...fields, type: "accepted" });
  }

  // The name of the first post was refused. Who had another name before goes on under that one;
  // otherwise the posts stay in the outbox until there is a name.
  #unname(error) {
    const back = this.#held && this.#claim;
    this.#you = back ? { ...this.#you, name: this.#held } : null;
    this.#claim = undefined;
    if (!back) this.#writes = [];
    this.#say({ ...error, type: "error", for: "join" });
    this.#greet({ ...this.#position, resumed: true });
  }

  // An error that is not our server's, but a proxy's for example, does not say what has happened.
  async #request(path, init) {
    try {
      const { ok, body } = await this.#parts.ask(path, init);
      if (ok || body.code) return body;
    } catch {
      // the network failed, or the answer is no JSON
    }
    if (!init.signal.aborted) this.#fail();
    return {};
  }

  #say(frame) {
    this.onmessage?.({ data: encode(frame) });
  }

  #fail(bye) {
    if (bye) this.#say(bye);
    this.close();
    this.onclose?.();
  }
}
