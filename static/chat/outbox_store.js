import { decode, dispatch } from "./protocol.js";

const PREFIX = "chat.outbox.";
const ANSWER_WITHIN = 1_000;
const RELOADED_WITHIN = 3_000;

// Where the outbox outlives its page: an entry a key, each with the page that owns it. A page
// that goes gives its entries up, one that lives adopts what nobody owns, or what belongs to
// a page that answers no more. Two that adopt the same send one nonce twice: harmless.
// Storage may be forbidden or full: then the outbox lives as long as its page.
export class OutboxStore {
  #parts;
  #owned = new Set();
  #alive;
  #asking;
  #reloading;
  #handlers = {
    ask: () => this.#tell({ type: "alive", owner: this.#parts.owner }),
    alive: ({ owner }) => this.#alive?.add(owner),
  };

  // storage(); channel: a BroadcastChannel; owner: this page; adopted(entries); lost(nonce)
  constructor(parts) {
    this.#parts = parts;
    parts.channel.onmessage = ({ data }) => dispatch(this.#handlers, data);
  }

  save(entry, owner = this.#parts.owner) {
    try {
      this.#parts.storage().setItem(PREFIX + entry.nonce, JSON.stringify({ ...entry, owner }));
      this.#owned.add(entry.nonce);
    } catch {
      // it lives in the page
    }
  }

  remove(nonce) {
    if (this.#owned.delete(nonce)) this.#parts.storage().removeItem(PREFIX + nonce);
  }

  // The page goes. From the back/forward cache it may return.
  giveUp() {
    for (const entry of this.#all()) if (entry.owner === this.#parts.owner) this.save(entry, null);
  }

  // What nobody owns at once, what others own when they don't answer.
  adopt() {
    for (const nonce of this.#owned) this.heard(PREFIX + nonce);
    this.#claim((owner) => !owner);
    if (this.#all().every(({ owner }) => owner === this.#parts.owner)) return;
    this.#alive = new Set([this.#parts.owner]);
    this.#tell({ type: "ask" });
    this.#parts.clock.clearTimeout(this.#asking);
    this.#asking = this.#parts.clock.setTimeout(() => this.#claim((owner) => !this.#alive.has(owner)), ANSWER_WITHIN);
  }

  // Another page wrote that key. What it gave up is left for a while to the page that it may become.
  heard(key) {
    if (!key?.startsWith(PREFIX)) return;
    const { nonce, owner } = this.#read(key);
    if (owner !== this.#parts.owner) this.#lose(key.slice(PREFIX.length));
    if (!nonce || owner) return;
    this.#parts.clock.clearTimeout(this.#reloading);
    this.#reloading = this.#parts.clock.setTimeout(() => this.adopt(), RELOADED_WITHIN);
  }

  #lose(nonce) {
    if (this.#owned.delete(nonce)) this.#parts.lost(nonce);
  }

  #claim(isFree) {
    const free = this.#all().filter(({ owner }) => isFree(owner));
    for (const { owner, ...entry } of free) this.save(entry);
    if (free.length) this.#parts.adopted(free);
  }

  #all() {
    try {
      const keys = Object.keys(this.#parts.storage());
      return keys.filter((key) => key.startsWith(PREFIX)).map((key) => this.#read(key));
    } catch {
      return [];
    }
  }

  #read(key) {
    return decode(this.#parts.storage().getItem(key));
  }

  #tell(frame) {
    this.#parts.channel.postMessage(frame);
  }
}
