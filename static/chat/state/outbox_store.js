import { decode, dispatch } from "../connection/protocol.js";

const PREFIX = "chat.outbox.";
const MARK = "chat.mark";
const ANSWER_WITHIN = 1_000;
const RELOADED_WITHIN = 3_000;

// Keeps the outbox in the browser's storage, so that it outlives its page: a key for each entry,
// with the page that owns it. A page that goes gives its entries up. A page that lives adopts
// entries without an owner, and those of a page that does not answer. Two pages that adopt the same
// entry send one nonce twice, which is one message.
// Storage may be forbidden, full, or cleared at any time: then the outbox lives as long as its page.
// The mark tells a cleared storage from an entry that another page has finished: clearing takes it
// away, and the page that saves next makes a new one.
export class OutboxStore {
  #parts;
  #owned = new Map(); // what this page has to keep, by nonce
  #kept = new Set(); // the nonces of those that the storage has taken
  #mark = null;
  #alive;
  #asking;
  #reloading;
  #handlers = {
    ask: () => this.#tell({ type: "alive", owner: this.#parts.owner }),
    alive: ({ owner }) => this.#alive?.add(owner),
  };

  // storage(); channel: a BroadcastChannel; owner: this page; makeMark(); adopted(entries); lost(nonce)
  constructor(parts) {
    this.#parts = parts;
    parts.channel.onmessage = ({ data }) => dispatch(this.#handlers, data);
  }

  save(entry) {
    this.#owned.set(entry.nonce, entry);
    this.#look();
    this.#write(entry, this.#parts.owner);
  }

  // Whether it outlives the page.
  keeps(nonce) {
    return this.#kept.has(nonce);
  }

  remove(nonce) {
    if (!this.#owned.delete(nonce)) return;
    this.#kept.delete(nonce);
    this.#use((storage) => storage.removeItem(PREFIX + nonce));
    this.#saveTheRest();
  }

  // The page goes. From the back/forward cache it may return.
  giveUp() {
    this.#look();
    for (const entry of this.#owned.values()) this.#write(entry, null);
  }

  // Entries without an owner at once, those of another page when it doesn't answer.
  adopt() {
    this.#look();
    this.#claim((owner) => !owner);
    if (this.#all().every(({ owner }) => owner === this.#parts.owner)) return;
    this.#alive = new Set([this.#parts.owner]);
    this.#tell({ type: "ask" });
    this.#parts.clock.clearTimeout(this.#asking);
    this.#asking = this.#parts.clock.setTimeout(() => this.#claim((owner) => !this.#alive.has(owner)), ANSWER_WITHIN);
  }

  // Another page wrote that key, or cleared all (null). What a page gave up is left alone for a
  // while: that page may be reloading.
  heard(key) {
    const isEntry = key?.startsWith(PREFIX);
    if (isEntry || key === MARK || key === null) this.#look();
    if (!isEntry) return;
    const { nonce, owner } = this.#read(key);
    if (!nonce || owner) return;
    this.#parts.clock.clearTimeout(this.#reloading);
    this.#reloading = this.#parts.clock.setTimeout(() => this.adopt(), RELOADED_WITHIN);
  }

  // What has become of ours: others may have taken or finished it, or all was cleared.
  #look() {
    const mark = this.#use((storage) => storage.getItem(MARK));
    if (!mark || mark !== this.#mark) return this.#begin(mark);
    for (const nonce of [...this.#kept]) {
      const { owner = this.#parts.owner, nonce: there } = this.#read(PREFIX + nonce);
      if (!there || (owner && owner !== this.#parts.owner)) this.#lose(nonce);
    }
    this.#saveTheRest();
  }

  // Another mark: nothing of ours is in this storage.
  #begin(mark) {
    this.#mark = mark ?? this.#use((storage) => this.#newMark(storage)) ?? null;
    this.#kept.clear();
    this.#saveTheRest();
  }

  #newMark(storage) {
    const mark = this.#parts.makeMark();
    storage.setItem(MARK, mark);
    return mark;
  }

  #saveTheRest() {
    for (const entry of this.#owned.values()) if (!this.#kept.has(entry.nonce)) this.#write(entry, this.#parts.owner);
  }

  #write(entry, owner) {
    const done = this.#use(
      (storage) => storage.setItem(PREFIX + entry.nonce, JSON.stringify({ ...entry, owner })) ?? true,
    );
    if (done) this.#kept.add(entry.nonce);
  }

  #lose(nonce) {
    this.#kept.delete(nonce);
    this.#owned.delete(nonce);
    this.#parts.lost(nonce);
  }

  #claim(isFree) {
    const free = this.#all().filter(({ owner }) => isFree(owner));
    for (const { owner, ...entry } of free) this.save(entry);
    if (free.length) this.#parts.adopted(free);
  }

  #all() {
    const keys = this.#use((storage) => Object.keys(storage)) ?? [];
    return keys.filter((key) => key.startsWith(PREFIX)).map((key) => this.#read(key));
  }

  #read(key) {
    return decode(this.#use((storage) => storage.getItem(key)) ?? "{}");
  }

  // Undefined where the storage is forbidden, or full.
  #use(action) {
    try {
      return action(this.#parts.storage());
    } catch {
      return undefined;
    }
  }

  #tell(frame) {
    this.#parts.channel.postMessage(frame);
  }
}
