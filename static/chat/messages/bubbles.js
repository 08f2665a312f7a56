import { paint } from "../dom/avatar.js";
import { say } from "../dom/words.js";
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

  // What `place` depends on, besides the row: the marks of a KeyedList.
  mark(me) {
    return `${me} ${this.#dates.today}`;
  }

  place(item, { message, before }, me) {
    const { turnsDay, opens } = follows(message, before);
    item.classList.toggle("opens", opens);
    item.classList.toggle("mine", message.by === me);
    say(item.querySelector(".day"), turnsDay ? this.#dates.day(message.at) : "");
  }
}
