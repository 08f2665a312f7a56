import { paint } from "../dom/avatar.js";
import { say } from "../dom/words.js";
import { follows } from "./grouping.js";
import { mark } from "./marking.js";
import { finder } from "./mentions.js";
import { fill } from "./text.js";

// List items for messages, cloned from the markup that the server renders too.
export class Bubbles {
  #template;
  #dates;
  #folds;

  constructor({ template, dates, folds }) {
    this.#template = template;
    this.#dates = dates;
    this.#folds = folds;
  }

  make({ by, name, text, at }) {
    const item = this.#template.content.firstElementChild.cloneNode(true);
    const part = (selector) => item.querySelector(selector);
    paint(part(".avatar"), name, by);
    part(".name").textContent = name;
    part("time").dateTime = at;
    part("time").textContent = this.#dates.time(at);
    fill(part(".text"), { text, name }, this.#folds);
    this.#folds.watch(part(".text"), text);
    return item;
  }

  // What `place` depends on, besides the row: the marks of a KeyedList.
  mark({ id, name, others = [] }) {
    return JSON.stringify([id, name, others, this.#dates.today]);
  }

  // me: { id, name, others }, where others have names that begin as mine does
  place(item, { message, before }, me) {
    const { turnsDay, opens } = follows(message, before);
    const isMine = message.by === me.id;
    item.classList.toggle("opens", opens);
    item.classList.toggle("mine", isMine);
    if (!isMine && /[@＠]/.test(message.text))
      item.classList.toggle("named", mark(item.querySelector(".text"), finderFor(me)));
    say(item.querySelector(".day"), turnsDay ? this.#dates.day(message.at) : "");
  }
}

// One for all that is painted for the same `me`.
const finders = new WeakMap();
function finderFor(me) {
  if (!finders.has(me)) finders.set(me, finder(me));
  return finders.get(me);
}
