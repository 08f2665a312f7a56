const SPAN = 5_000;
const MOST = 10;
const SETTLES = 1_000;

// What a screen reader reads out of the log: new messages one by one; where more come than it
// could say, how many. History is not news: fifty old messages are not read out.
export class Announcer {
  #log;
  #line;
  #clock;
  #count = 0;
  #span = null;
  #crowded = false;
  #settling = null;

  constructor({ log, line, clock }) {
    this.#log = log;
    this.#line = line;
    this.#clock = clock;
  }

  // Before they are shown.
  arrived(count) {
    if (!count) return;
    this.#count += count;
    this.#crowded ||= this.#count > MOST;
    this.#span ??= this.#clock.setTimeout(() => this.#sumUp(), SPAN);
    this.#speak();
  }

  quietly(change) {
    this.#clock.clearTimeout(this.#settling);
    this.#settling = this.#clock.setTimeout(() => {
      this.#settling = null;
      this.#speak();
    }, SETTLES);
    this.#speak();
    change();
  }

  // The log is silent until there were few in a whole span.
  #sumUp() {
    this.#line.textContent = this.#crowded && this.#count ? `${this.#count} new messages` : "";
    this.#crowded = this.#count > MOST;
    this.#span = this.#crowded ? this.#clock.setTimeout(() => this.#sumUp(), SPAN) : null;
    this.#count = 0;
    this.#speak();
  }

  #speak() {
    const live = this.#crowded || this.#settling !== null ? "off" : "polite";
    if (this.#log.ariaLive !== live) this.#log.ariaLive = live;
  }
}
