const MOST_UNANSWERED = 32;

// What was written here and is not in the room yet, in the order of writing.
// An entry is waiting → sending → accepted, or failed; it leaves when its message has come.
export class Outbox {
  #parts;
  #entries = new Map();
  #live = false;
  #here = 0;

  // send(entry) tells whether it is on the wire; makeNonce(); now(); changed() after each change
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
    const nonce = this.#parts.makeNonce();
    const at = new Date(this.#parts.now()).toISOString();
    this.#entries.set(nonce, { nonce, text, at, state: "waiting" });
    this.#flush();
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
    Object.assign(this.#entries.get(nonce) ?? {}, { state: "accepted", seq });
    this.reached(this.#here);
  }

  rejected({ nonce, reason }) {
    Object.assign(this.#entries.get(nonce) ?? {}, { state: "failed", reason });
    this.#flush();
  }

  // Our own message has come, before or after its `accepted`.
  seen(nonce) {
    this.#entries.delete(nonce);
  }

  // Everything up to seq is here: what was accepted below it is shown, or was removed since.
  reached(seq) {
    this.#here = seq;
    for (const entry of this.#entries.values()) if (entry.seq <= seq) this.seen(entry.nonce);
    this.#flush();
  }

  retry(nonce) {
    const { text, at } = this.#entries.get(nonce);
    this.#entries.delete(nonce);
    this.#entries.set(nonce, { nonce, text, at, state: "waiting" });
    this.#flush();
  }

  discard(nonce) {
    this.#entries.delete(nonce);
    this.#parts.changed();
  }

  #flush() {
    let unanswered = this.entries.filter(({ state }) => state === "sending").length;
    for (const entry of this.#entries.values()) {
      if (!this.#live || unanswered >= MOST_UNANSWERED) break;
      if (entry.state !== "waiting") continue;
      if (!this.#parts.send(entry)) break;
      entry.state = "sending";
      unanswered += 1;
    }
    this.#parts.changed();
  }
}
