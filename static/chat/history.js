const PAGE = 50;
const REST = 3_000;

// What was said before the page's first message, a page at a time.
export class History {
  #parts;
  #busy = false;

  // line: where it says that it is loading; epoch(): of the history that is shown; loaded(page)
  constructor(parts) {
    this.#parts = parts;
  }

  async older() {
    const { timeline, line, clock, epoch, loaded } = this.#parts;
    const before = timeline.floor;
    if (this.#busy || before <= 1) return;
    this.#busy = true;
    line.textContent = "Loading older messages…";
    try {
      const page = await this.#page(before);
      line.textContent = "";
      this.#busy = false;
      // The timeline may have begun anew meanwhile.
      if (page.epoch === epoch() && before === timeline.floor) loaded(page);
    } catch {
      line.textContent = "Older messages could not be loaded.";
      clock.setTimeout(() => (this.#busy = false), REST);
    }
  }

  async #page(before) {
    const response = await this.#parts.fetch(`/api/messages?before=${before}&limit=${PAGE}`);
    if (!response.ok) throw new Error(response.statusText);
    return response.json();
  }
}
