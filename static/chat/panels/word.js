import { say } from "../dom/words.js";

const LASTS = 6_000;

// A word about what one has just done, for a while, on the line above the composer.
export class Word {
  #line;
  #clock;
  #ending;

  constructor({ line, clock }) {
    this.#line = line;
    this.#clock = clock;
  }

  say(words) {
    this.#clock.clearTimeout(this.#ending);
    say(this.#line, words);
    this.#ending = this.#clock.setTimeout(() => say(this.#line, ""), LASTS);
  }
}
