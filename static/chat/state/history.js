const PAGE = 50;
const LONG_PAGE = 500;
const REST = 3_000;

// What was said before the page's first message, a page at a time.
export class History {
  #parts;
  #busy = false;
  #loading = null;
  #asking = new AbortController();

  // ask(path, init); line: where it says that it is loading, again: the button to try again;
  // epoch(): of the history that is shown; loaded(page)
  constructor(parts) {
    this.#parts = parts;
    parts.again.onclick = () => this.#retry();
  }

  // Resolves when it is here, or can't be had.
  older(limit = PAGE) {
    const before = this.#parts.timeline.floor;
    if (this.#busy) return this.#loading;
    if (before > 1) this.#loading = this.#load(before, limit);
    return this.#loading;
  }

  // All that was said since `seq`, that one included. Resolves to whether it is here.
  async reach(seq) {
    const { timeline } = this.#parts;
    for (let before; timeline.floor > seq && before !== timeline.floor; ) {
      before = timeline.floor;
      await this.older(LONG_PAGE);
    }
    return timeline.floor <= seq;
  }

  async #load(before, limit) {
    const { timeline, ask, clock, epoch, loaded } = this.#parts;
    this.#busy = true;
    this.#say("Loading older messages…");
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    const path = `/api/messages?before=${before}&limit=${limit}`;
    const { ok, body: page } = await ask(path, { signal }).catch(() => ({ ok: false }));
    if (signal.aborted) return this.#loading; // which is another one by now
    if (!ok) {
      this.#say("Older messages could not be loaded.", true);
      clock.setTimeout(() => {
        if (!signal.aborted) this.#busy = false;
      }, REST);
      return;
    }
    this.#giveUp();
    // The timeline may have begun anew meanwhile.
    if (page.epoch === epoch() && before === timeline.floor) loaded(page);
  }

  // There is a new connection: what was asked on a dead network never comes.
  reconnected() {
    if (this.#busy) this.#retry();
  }

  #retry() {
    this.#giveUp();
    this.older();
  }

  #giveUp() {
    this.#asking.abort();
    this.#busy = false;
    this.#say("");
  }

  #say(words, failed = false) {
    this.#parts.line.textContent = words;
    this.#parts.again.hidden = !failed;
  }
}
