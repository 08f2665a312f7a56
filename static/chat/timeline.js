// The messages that the page knows, each in its highest rev, and the floor:
// below it lies what has not been loaded. Shown is what stands on the floor.
export class Timeline {
  #known = new Map();
  #floor = 1;

  get messages() {
    const shown = [...this.#known.values()].filter((message) => this.#isShown(message));
    return shown.sort((a, b) => a.seq - b.seq);
  }

  get floor() {
    return this.#floor;
  }

  start(messages, from) {
    this.#known.clear();
    this.#floor = lowest(messages, from);
    this.merge(messages);
  }

  // Returns those that were not shown before. What changed below the floor is kept, unseen:
  // older messages may just be on their way in their former state.
  merge(messages) {
    return messages.filter((message) => {
      const known = this.#known.get(message.seq);
      if (known && known.rev >= message.rev) return false;
      this.#known.set(message.seq, message);
      return !known && this.#isShown(message);
    });
  }

  prepend(messages, more) {
    this.#floor = more && messages.length ? lowest(messages, this.#floor) : 1;
    this.merge(messages);
  }

  trim(most) {
    const surplus = this.messages.length - most;
    if (surplus <= 0) return;
    this.#floor = this.messages[surplus].seq;
    for (const seq of this.#known.keys()) if (seq < this.#floor) this.#known.delete(seq);
  }

  #isShown(message) {
    return message.seq >= this.#floor && !message.removed;
  }
}

const lowest = (messages, from) => Math.min(from, ...messages.map(({ seq }) => seq));
