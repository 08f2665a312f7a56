import { Gathering } from "./gathering.js";

// Which reactions are one's own. A message names the first five of each; where more have reacted, the
// server is asked once, and after that what is done here is followed.
export class OwnReactions {
  #me;
  #found = new Map();
  #gathering;
  #version = 0;

  // ask(path), see requests.js; me(): our id; changed() when there is more to know
  constructor({ ask, clock, me, changed }) {
    this.#me = me;
    this.#gathering = new Gathering({
      clock,
      ask: (seqs) => fetchMine(ask, seqs),
      got: (found) => {
        for (const { seq, emoji } of found) for (const one of emoji) this.did({ seq, emoji: one, on: true });
        changed();
      },
    });
  }

  // Another number where an answer may be another one.
  get version() {
    return this.#version;
  }

  has({ seq }, { emoji, count, by }) {
    if (by.includes(this.#me())) return true;
    if (count <= by.length) return false;
    this.#gathering.want(seq);
    return this.#found.get(seq)?.has(emoji) ?? false;
  }

  did({ seq, emoji, on }) {
    const emojis = this.#found.get(seq) ?? new Set();
    if (on) emojis.add(emoji);
    else emojis.delete(emoji);
    this.#found.set(seq, emojis);
    this.#version += 1;
  }

  forget() {
    this.#found.clear();
    this.#gathering.forget();
  }
}

async function fetchMine(ask, seqs) {
  const { ok, body } = await ask(`/api/reactions?mine=${seqs.join()}`);
  if (!ok) throw new Error("They could not be had.");
  return body;
}
