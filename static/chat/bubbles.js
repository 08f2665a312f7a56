import { paint } from "./avatar.js";
import { follows } from "./grouping.js";
import { fill } from "./text.js";

// List items for messages, cloned from the markup that the server renders too.
export class Bubbles {
  #template;
  #dates;

  constructor({ template, dates }) {
    this.#template = template;
    this.#dates = dates;
  }

  make({ by, name, text, at }) {
    const item = this.#template.content.firstElementChild.cloneNode(true);
    const part = (selector) => item.querySelector(selector);
    paint(part(".avatar"), name, by);
    part(".name").textContent = name;
    part("time").dateTime = at;
    part("time").textContent = this.#dates.time(at);
    fill(part(".text"), text);
    return item;
  }

  place(item, { message, before }, me) {
    const { turnsDay, opens } = follows(message, before);
    item.classList.toggle("opens", opens);
    item.classList.toggle("mine", message.by === me);
    const day = turnsDay ? this.#dates.day(message.at) : "";
    const line = item.querySelector(".day");
    if (line.textContent !== day) line.textContent = day;
  }
}
