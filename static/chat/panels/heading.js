import { say } from "../dom/words.js";

// What the room is called, above the page and in its title; the title also counts
// what came while the page was hidden.
export class Heading {
  #document;
  #title;
  #notice;
  #name = "";
  #unread = 0;

  constructor({ document, title, notice }) {
    this.#document = document;
    this.#title = title;
    this.#notice = notice;
    document.addEventListener("visibilitychange", () => this.arrived(0));
  }

  follow({ title, notice }) {
    this.#name = title;
    say(this.#title, title);
    say(this.#notice, notice);
    this.arrived(0);
  }

  arrived(count) {
    this.#unread = this.#document.hidden ? this.#unread + count : 0;
    say(this.#document.querySelector("title"), this.#unread ? `(${this.#unread}) ${this.#name}` : this.#name);
  }
}
