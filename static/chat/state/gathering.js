const MOST = 50;
const REST = 3_000;

// What is wanted of single messages, asked for together: one request at a time, of at most 50 of them.
// Nothing is asked for twice; what failed is tried again.
export class Gathering {
  #parts;
  #wanted = new Set();
  #asked = new Set();
  #begun = {};
  #isBusy = false;

  // ask(seqs) resolves to what got(answer, seqs) takes, and throws where it failed; clock
  constructor(parts) {
    this.#parts = parts;
  }

  want(seq) {
    if (this.#asked.has(seq)) return;
    this.#asked.add(seq);
    this.#wanted.add(seq);
    queueMicrotask(() => this.#ask());
  }

  // Whether it has been asked for, answered or not.
  has(seq) {
    return this.#asked.has(seq);
  }

  // Answers that are on their way are about what is forgotten.
  forget() {
    this.#wanted.clear();
    this.#asked.clear();
    this.#begun = {};
  }

  async #ask() {
    if (this.#isBusy || !this.#wanted.size) return;
    this.#isBusy = true;
    const begun = this.#begun;
    const seqs = [...this.#wanted].slice(0, MOST);
    const answer = await this.#parts.ask(seqs).catch(() => null);
    if (begun === this.#begun && answer) {
      for (const seq of seqs) this.#wanted.delete(seq);
      this.#parts.got(answer, seqs);
    }
    if (!answer) await new Promise((rested) => this.#parts.clock.setTimeout(rested, REST));
    this.#isBusy = false;
    this.#ask();
  }
}
