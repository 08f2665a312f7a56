import { decode, dispatch, encode } from "./protocol.js";

const PATH = "/api/messages";
const WAIT = 25;
const POST_WITHIN = 20_000;
const ABOUT_THE_NAME = new Set(["name_required", "name_invalid", "name_taken"]);

// The room over plain HTTP, for where WebSockets are blocked. It looks like a WebSocket and
// speaks its frames: they become requests, one post after the other, and the answers frames.
export class HttpSocket {
  readyState = 0;
  #parts;
  #position;
  #you = null;
  #claim;
  #ungreeted = false;
  #posts = [];
  #polling = new AbortController();
  #closing = new AbortController();
  #handlers = {
    join: (frame) => this.#join(frame),
    post: (frame) => this.#posts.push(frame) === 1 && this.#post(),
    ping: () => this.#poll(),
  };

  // fetch(path, init); clock; me: the id that our cookie carries
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

  // A name is taken by the first post that carries it: until then we believe in it.
  #join({ name, since }) {
    if (name) {
      this.#you = { id: this.#parts.me, name };
      this.#claim = name;
    }
    if (!since) return queueMicrotask(() => this.#greet({ ...this.#position, resumed: true }));
    this.#position = since;
    this.#ungreeted = true;
    this.#poll();
  }

  // The first answer comes at once: it shows that the room is there.
  async #poll() {
    this.#polling.abort();
    const { signal } = (this.#polling = new AbortController());
    for (let wait = 0; !signal.aborted; ) {
      const { epoch, seq } = this.#position;
      const query = new URLSearchParams({ after: seq, epoch, wait });
      const page = await this.#request(`${PATH}?${query}`, { signal });
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

  async #post() {
    while (this.#posts.length) {
      const { type, ...post } = this.#posts[0];
      const late = this.#parts.clock.setTimeout(() => this.#fail(), POST_WITHIN);
      const answer = await this.#request(PATH, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: encode({ ...post, name: this.#claim }),
        signal: this.#closing.signal,
      });
      this.#parts.clock.clearTimeout(late);
      if (this.readyState === 3) return;
      // Not known yet: nobody is told anything, and the same is asked again.
      if (answer.code === "unknown") {
        await new Promise((again) => this.#parts.clock.setTimeout(again, answer.retry_after * 1000));
        if (this.readyState === 3) return;
        continue;
      }
      this.#posts.shift();
      this.#answer(post.nonce, answer);
    }
  }

  #answer(nonce, { code, ...rest }) {
    const rejected = { ...rest, type: "rejected", nonce, code };
    if (ABOUT_THE_NAME.has(code)) return this.#unname({ ...rest, type: "error", for: "join", code });
    if (!code) this.#claim = undefined;
    this.#say(code ? rejected : { ...rest, type: "accepted" });
    // What was written after it must not go before it.
    if (code === "busy") for (const post of this.#posts.splice(0)) this.#say({ ...rejected, nonce: post.nonce });
  }

  // The posts wait in the outbox for another name.
  #unname(error) {
    this.#you = null;
    this.#posts = [];
    this.#say(error);
    this.#greet({ ...this.#position, resumed: true });
  }

  // An error that is not ours, like a proxy's, leaves it open what has happened.
  async #request(path, init) {
    try {
      const response = await this.#parts.fetch(path, init);
      const body = await response.json();
      if (response.ok || body.code) return body;
    } catch {
      // the network's, or no JSON
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
