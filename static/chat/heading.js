// What the room is called, above the page and in its title; the title also counts
// what came while the page was hidden.
export class Heading {
  #document;
  #title;
  #notice;
  #unread = 0;

  constructor({ document, title, notice }) {
    this.#document = document;
    this.#title = title;
    this.#notice = notice;
    document.addEventListener("visibilitychange", () => this.arrived(0));
  }

  follow({ title, notice }) {
    this.#title.textContent = title;
    this.#notice.textContent = notice;
    this.arrived(0);
  }

  arrived(count) {
    this.#unread = this.#document.hidden ? this.#unread + count : 0;
    const title = this.#title.textContent;
    const counted = this.#unread ? `(${this.#unread}) ${title}` : title;
    if (this.#document.title !== counted) this.#document.title = counted;
  }
}
