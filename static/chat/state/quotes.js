import { Gathering } from "./gathering.js";

// The messages that others answer, in their latest state: those that the timeline knows, and others that
// are asked for when they are first wanted.
export class Quotes {
  #timeline;
  #epoch;
  #fetched = new Map();
  #gathering;

  // ask(path), see requests.js; epoch(): of the history that is shown; changed() when there are new ones
  constructor({ ask, clock, timeline, epoch, changed }) {
    this.#timeline = timeline;
    this.#epoch = epoch;
    this.#gathering = new Gathering({
      clock,
      ask: (seqs) => fetchThese(ask, seqs),
      got: (page, seqs) => {
        this.#got(page, seqs);
        changed();
      },
    });
  }

  // Undefined while it isn't known; what is gone is { removed: true }.
  get(seq) {
    const [here, there] = [this.#timeline.find(seq), this.#fetched.get(seq)];
    if (!here && !there) this.#gathering.want(seq);
    return here && there ? newer(here, there) : (here ?? there);
  }

  // They may have been changed: those that we have, and those whose former state is on its way.
  follow(messages) {
    for (const message of messages) if (this.#gathering.has(message.seq)) this.#keep(message);
  }

  forget() {
    this.#fetched.clear();
    this.#gathering.forget();
  }

  #got({ epoch, messages }, seqs) {
    if (epoch !== this.#epoch()) return;
    for (const message of messages) this.#keep(message);
    for (const seq of seqs) if (!this.#fetched.has(seq)) this.#keep({ seq, rev: 0, removed: true });
  }

  #keep(message) {
    const known = this.#fetched.get(message.seq);
    this.#fetched.set(message.seq, known ? newer(known, message) : message);
  }
}

const newer = (one, other) => (other.rev > one.rev ? other : one);

async function fetchThese(ask, seqs) {
  const { ok, body } = await ask(`/api/messages?seqs=${seqs.join()}`);
  if (!ok) throw new Error("They could not be had.");
  return body;
}
