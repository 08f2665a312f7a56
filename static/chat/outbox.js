const MOST_UNANSWERED = 32;
const REST = 1; // seconds

// What was written here and is not in the room yet, in the order of writing, which `at` tells.
// An entry is waiting → sending → accepted, or failed; it leaves when its message has come.
// The store keeps it until it is accepted.
export class Outbox {
  #parts;
  #entries = new Map();
  #shown = new Set();
  #live = false;
  #resting = null;
  #here = 0;

  // send(entry) tells whether it is on the wire; store; makeNonce(); clock; random(); changed() after each change
  constructor(parts) {
    this.#parts = parts;
  }

  get entries() {
    return [...this.#entries.values()];
  }

  get unsent() {
    return this.entries.filter(({ state }) => state === "waiting" || state === "sending").length;
  }

  add(text) {
    this.#write(this.#parts.makeNonce(), text);
  }

  // Entries of a page that is gone.
  adopt(entries) {
    for (const { nonce, text, at, reason } of entries) {
      if (this.#shown.has(nonce)) this.#parts.store.remove(nonce);
      else this.#entries.set(nonce, { nonce, text, at, reason, state: reason ? "failed" : "waiting" });
    }
    this.#entries = new Map([...this.#entries].sort(([, a], [, b]) => (a.at < b.at ? -1 : 1)));
    this.#flush();
  }

  // Another page has taken it over.
  lose(nonce) {
    this.#entries.delete(nonce);
    this.#parts.changed();
  }

  // The room knows our name: send what waits.
  resume() {
    this.#live = true;
    this.#flush();
  }

  // No answer will come on the lost socket; the same nonces go out again on the next one.
  pause() {
    this.#live = false;
    for (const entry of this.#entries.values()) if (entry.state === "sending") entry.state = "waiting";
    this.#parts.changed();
  }

  accepted({ nonce, seq }) {
    this.#parts.store.remove(nonce);
    Object.assign(this.#entries.get(nonce) ?? {}, { state: "accepted", seq });
    this.reached(this.#here);
  }

  // What the server was too busy to try goes out again by itself, in its place.
  rejected({ nonce, code, reason, retry_after: wait = REST }) {
    const entry = this.#entries.get(nonce);
    if (!entry) return;
    if (code === "busy") {
      entry.state = "waiting";
      this.#rest(wait * 1000);
    } else {
      Object.assign(entry, { state: "failed", reason });
      this.#save(entry);
    }
    this.#flush();
  }

  // Our own message has come, before or after its `accepted`.
  seen(nonce) {
    this.#shown.add(nonce);
    this.#remove(nonce);
  }

  // Everything up to seq is here: what was accepted below it is shown, or was removed since.
  reached(seq) {
    this.#here = seq;
    for (const entry of this.#entries.values()) if (entry.seq <= seq) this.seen(entry.nonce);
    this.#flush();
  }

  // Said now: it goes behind what was written since.
  retry(nonce) {
    const { text } = this.#entries.get(nonce);
    this.#entries.delete(nonce);
    this.#write(nonce, text);
  }

  discard(nonce) {
    this.#remove(nonce);
    this.#parts.changed();
  }

  #write(nonce, text) {
    const last = this.entries.at(-1);
    const now = Math.max(this.#parts.clock.now(), last ? Date.parse(last.at) + 1 : 0);
    const entry = { nonce, text, at: new Date(now).toISOString(), state: "waiting" };
    this.#entries.set(nonce, entry);
    this.#save(entry);
    this.#flush();
  }

  #save({ nonce, text, at, reason }) {
    this.#parts.store.save({ nonce, text, at, reason });
  }

  #remove(nonce) {
    this.#entries.delete(nonce);
    this.#parts.store.remove(nonce);
  }

  // Those that were turned away together must not come back together.
  #rest(wait) {
    this.#parts.clock.clearTimeout(this.#resting);
    this.#resting = this.#parts.clock.setTimeout(() => {
      this.#resting = null;
      this.#flush();
    }, wait * (1 + this.#parts.random()));
  }

  #flush() {
    let unanswered = this.entries.filter(({ state }) => state === "sending").length;
    for (const entry of this.#entries.values()) {
      if (!this.#live || this.#resting || unanswered >= MOST_UNANSWERED) break;
      if (entry.state !== "waiting") continue;
      if (!this.#parts.send(entry)) break;
      entry.state = "sending";
      unanswered += 1;
    }
    this.#parts.changed();
  }
}
