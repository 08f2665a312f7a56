import { make } from "../dom/make.js";

// Says of a message that it was edited, and when.
export class Edited {
  #dates;

  constructor({ dates }) {
    this.#dates = dates;
  }

  paint(item, { edited, changing = false }) {
    item.classList.toggle("changing", changing);
    item.querySelector(".edited")?.remove();
    if (!edited) return;
    const title = `Edited: ${this.#dates.day(edited)}, ${this.#dates.time(edited)}`;
    const time = make("time", { dateTime: edited, title }, "edited");
    item.querySelector(".text").append(make("small", { className: "edited", translate: false }, " ", time));
  }
}
