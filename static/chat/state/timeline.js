// The messages that the page knows, each in its highest rev. Shown is what stands between the
// floor, below which lies what has not been loaded, and the ceiling. There is a ceiling where a
// reader is far from the end: the latest are kept above it until the reader comes, and what
// lies between can be loaded again from there. So there is never a gap in what is shown.
export class Timeline {
  #known = new Map();
  #floor = 1;
  #ceiling = Infinity;
  #latest = 1; // from here to the end all is known
  #shown = null;

  get messages() {
    this.#shown ??= this.#between(this.#floor, this.#ceiling);
    return this.#shown;
  }

  get floor() {
    return this.#floor;
  }

  get ceiling() {
    return this.#ceiling;
  }

  get size() {
    return this.#known.size;
  }

  // What is known of a message, shown or not.
  find(seq) {
    return this.#known.get(seq);
  }

  start(messages, from) {
    this.#known.clear();
    this.#ceiling = Infinity;
    this.#floor = this.#latest = lowest(messages, from);
    this.merge(messages);
  }

  // Returns those that were not known before. What changed below the floor is kept, unseen:
  // older messages may just be on their way in their former state.
  merge(messages) {
    this.#shown = null;
    return messages.filter((message) => {
      const known = this.#known.get(message.seq);
      if (known && known.rev >= message.rev) return false;
      this.#known.set(message.seq, message);
      return !known && !message.removed && this.#isKept(message);
    });
  }

  prepend(messages, more) {
    this.#floor = more && messages.length ? lowest(messages, this.#floor) : 1;
    this.merge(messages);
  }

  // For a reader at the end: the latest, and no more than that.
  trim(most) {
    if (this.#ceiling < Infinity) this.#rise(Math.max(this.#floor, this.#latest), Infinity);
    const surplus = this.messages.length - most;
    if (surplus > 0) this.#rise(this.messages[surplus].seq, Infinity);
  }

  // For a reader elsewhere: as many from the floor on, and as many of the latest.
  hold(most) {
    if (this.messages.length > most) {
      this.#ceiling = this.messages[most - 1].seq;
      this.#shown = null;
    }
    if (this.#ceiling === Infinity) return;
    const above = this.#between(this.#ceiling + 1, Infinity);
    if (above.length > most) this.#latest = above.at(-most).seq;
    this.#forget((seq) => seq > this.#ceiling && seq < this.#latest);
  }

  #isKept({ seq }) {
    return seq >= this.#floor && (seq <= this.#ceiling || seq >= this.#latest);
  }

  #rise(floor, ceiling) {
    this.#floor = floor;
    this.#ceiling = ceiling;
    this.#forget((seq) => seq < floor);
    this.#shown = null;
  }

  #forget(isGone) {
    for (const seq of this.#known.keys()) if (isGone(seq)) this.#known.delete(seq);
  }

  #between(floor, ceiling) {
    const found = [...this.#known.values()].filter(({ seq, removed }) => !removed && seq >= floor && seq <= ceiling);
    return found.sort((a, b) => a.seq - b.seq);
  }
}

const lowest = (messages, from) => Math.min(from, ...messages.map(({ seq }) => seq));
