import { clean, comesLater, mend } from "../connection/protocol.js";

const MOST_UNANSWERED = 32;
const REST = 1; // seconds
const ABOUT_THE_TEXT = new Set(["empty", "too_long", "invalid_text", "nonce_conflict"]);

// What was written here and is not in the room yet, in the order of writing, which `at` tells.
// An entry is waiting → sending → accepted, or failed (`hopeless` where only another text helps);
// it leaves when its message has come. The store keeps it until it is accepted, if it can.
export class Outbox {
  #parts;
  #entries = new Map();
  #shown = new Set();
  #live = false;
  #oneByOne = false; // there was a backlog: each goes when the one before it is answered
  #resting = null;
  #ticking = null;
  #until = 0;
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

  // Whether an answer is on its way.
  get expects() {
    return this.entries.some(({ state }) => state === "sending");
  }

  // Whether something would be lost with the page.
  get fleeting() {
    return this.entries.some((entry) => entry.state !== "accepted" && !this.isKept(entry));
  }

  // The seconds until the first that waits goes out, 0 where it waits for something else.
  get rest() {
    return this.#live && this.#resting ? Math.max(1, Math.ceil((this.#until - this.#parts.clock.now()) / 1000)) : 0;
  }

  isKept({ nonce }) {
    return this.#parts.store.keeps(nonce);
  }

  add(text) {
    this.#write(this.#parts.makeNonce(), clean(text));
  }

  // Entries of a page that is gone.
  adopt(entries) {
    for (const { nonce, text, at, reason, hopeless } of entries) {
      const entry = { nonce, text: mend(text), at, reason, hopeless, state: reason ? "failed" : "waiting" };
      if (this.#shown.has(nonce)) this.#parts.store.remove(nonce);
      else this.#entries.set(nonce, entry);
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
    this.#live = this.#oneByOne = true;
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

  // What the server can't take now goes out again by itself, before what was written after it.
  // Returns the entry if it was refused for its text.
  rejected(frame) {
    const { nonce, code, message, reason } = frame;
    const entry = this.#entries.get(nonce);
    if (!entry) return null;
    const hopeless = ABOUT_THE_TEXT.has(code) || undefined;
    if (comesLater(frame)) {
      Object.assign(entry, { state: "waiting", held: message });
      this.#rest(frame);
    } else {
      Object.assign(entry, { state: "failed", reason, hopeless });
      this.#save(entry);
    }
    this.#flush();
    return hopeless ? entry : null;
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

  // It counts as written now: it goes out after what was written since.
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

  #save({ nonce, text, at, reason, hopeless }) {
    this.#parts.store.save({ nonce, text, at, reason, hopeless });
  }

  #remove(nonce) {
    this.#entries.delete(nonce);
    this.#parts.store.remove(nonce);
  }

  // Those that a busy server turned away together must not come back together.
  #rest({ code, retry_after: asked = REST }) {
    const { clock, random } = this.#parts;
    const wait = asked * 1000 * (code === "busy" ? 1 + random() : 1);
    clock.clearTimeout(this.#resting);
    this.#oneByOne = true;
    this.#until = clock.now() + wait;
    this.#resting = clock.setTimeout(() => {
      this.#resting = null;
      this.#flush();
    }, wait);
    this.#tick();
  }

  // The page shows each second how long it still rests.
  #tick() {
    this.#parts.clock.clearTimeout(this.#ticking);
    if (!this.#resting) return;
    this.#parts.changed();
    this.#ticking = this.#parts.clock.setTimeout(() => this.#tick(), 1000);
  }

  #flush() {
    let unanswered = this.entries.filter(({ state }) => state === "sending").length;
    for (const entry of this.#entries.values()) {
      if (!this.#live || this.#resting || unanswered >= (this.#oneByOne ? 1 : MOST_UNANSWERED)) break;
      if (entry.state !== "waiting") continue;
      if (!this.#parts.send(entry)) break;
      entry.state = "sending";
      unanswered += 1;
    }
    if (!this.unsent) this.#oneByOne = false;
    this.#parts.changed();
  }
}
