import { comesLater } from "../connection/protocol.js";
import { early, isHopeless, kept, revived, stays, tidied } from "./entries.js";
import { Rest } from "./rest.js";

const MOST_UNANSWERED = 32;

// What was written and done here and is not in the room yet, in that order, which `at` tells: the fields
// of a frame that is answered (post, edit, remove, react), and how it stands.
// An entry is waiting → sending → accepted, or failed (`hopeless` where another try is in vain);
// it leaves when its message has come. The store keeps it until it is accepted, if it can.
export class Outbox {
  #parts;
  #entries = new Map();
  #shown = new Set();
  #live = false;
  #oneByOne = false; // there was a backlog: each goes when the one before it is answered
  #rest;
  #becomesDue;
  #here = 0;

  // send(entry) tells whether it is on the wire; store; makeNonce(); clock; random(); changed() after each change
  constructor(parts) {
    this.#parts = parts;
    const { clock, random, changed } = parts;
    this.#rest = new Rest({ clock, random, over: () => this.#flush(), second: changed });
  }

  get entries() {
    return [...this.#entries.values()];
  }

  get posts() {
    return this.entries.filter(({ type }) => type === "post");
  }

  // Edits, removals and reactions.
  get changes() {
    return this.entries.filter(({ type }) => type !== "post");
  }

  get unsent() {
    return this.posts.filter(({ state }) => state === "waiting" || state === "sending").length;
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
    return this.#live && this.#rest.isOn ? this.#rest.seconds : 0;
  }

  isKept({ nonce }) {
    return this.#parts.store.keeps(nonce);
  }

  isEarly(entry) {
    return early(entry, this.#parts.clock.now()) > 0;
  }

  // fields: of the frame, without its nonce; `due` says when it may go out at the earliest
  add(fields) {
    this.#write({ ...tidied(fields), nonce: this.#parts.makeNonce() });
  }

  // Entries of a page that is gone.
  adopt(entries) {
    for (const entry of entries.map(revived).filter(Boolean)) {
      if (this.#shown.has(entry.nonce)) this.#parts.store.remove(entry.nonce);
      else this.#entries.set(entry.nonce, entry);
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

  // A post is here with its `seq`, a change with its `rev`. Returns the entry, if there is one.
  accepted({ nonce, seq, rev = seq }) {
    const entry = this.#entries.get(nonce);
    this.#parts.store.remove(nonce);
    if (entry) Object.assign(entry, { state: "accepted", number: rev });
    this.reached(this.#here);
    return entry;
  }

  // What the server can't take now goes out again by itself, before what was written after it.
  // Returns the entry where it was refused for good.
  rejected(frame) {
    const entry = this.#entries.get(frame.nonce);
    if (!entry) return null;
    const later = comesLater(frame);
    if (later) this.#postpone(entry, frame);
    else if (stays(entry)) this.#fail(entry, frame);
    else this.#remove(entry.nonce);
    this.#flush();
    return later ? null : entry;
  }

  // Our own message has come, before or after its `accepted`.
  seen(nonce) {
    this.#shown.add(nonce);
    this.#remove(nonce);
  }

  // Everything up to this number is here: what was accepted below it is shown, or was removed since.
  reached(number) {
    this.#here = number;
    for (const entry of this.#entries.values()) if (entry.number <= number) this.seen(entry.nonce);
    this.#flush();
  }

  // It counts as written now: it goes out after what was written since.
  retry(nonce) {
    const { reason, hopeless, ...entry } = this.#entries.get(nonce);
    this.#entries.delete(nonce);
    this.#write(entry);
  }

  discard(nonce) {
    this.#remove(nonce);
    this.#parts.changed();
  }

  #write(fields) {
    const last = this.entries.at(-1);
    const now = Math.max(this.#parts.clock.now(), last ? Date.parse(last.at) + 1 : 0);
    const entry = { ...fields, at: new Date(now).toISOString(), state: "waiting" };
    this.#entries.set(entry.nonce, entry);
    this.#parts.store.save(kept(entry));
    this.#flush();
  }

  #postpone(entry, frame) {
    Object.assign(entry, { state: "waiting", held: frame.message });
    this.#oneByOne = true;
    this.#rest.begin(frame);
  }

  #fail(entry, frame) {
    Object.assign(entry, { state: "failed", reason: frame.reason, hopeless: isHopeless(entry, frame) });
    this.#parts.store.save(kept(entry));
  }

  #remove(nonce) {
    this.#entries.delete(nonce);
    this.#parts.store.remove(nonce);
  }

  // What is not due yet holds up nothing that was written after it.
  #flush() {
    this.#comeBackWhenDue();
    let unanswered = this.entries.filter(({ state }) => state === "sending").length;
    for (const entry of this.#entries.values()) {
      if (!this.#live || this.#rest.isOn || unanswered >= (this.#oneByOne ? 1 : MOST_UNANSWERED)) break;
      if (entry.state !== "waiting" || this.isEarly(entry)) continue;
      if (!this.#parts.send(entry)) break;
      entry.state = "sending";
      unanswered += 1;
    }
    if (!this.entries.some(({ state }) => state === "waiting" || state === "sending")) this.#oneByOne = false;
    this.#parts.changed();
  }

  #comeBackWhenDue() {
    const { clock } = this.#parts;
    clock.clearTimeout(this.#becomesDue);
    const waits = this.entries.map((entry) => early(entry, clock.now())).filter(Boolean);
    if (waits.length) this.#becomesDue = clock.setTimeout(() => this.#flush(), Math.min(...waits));
  }
}
