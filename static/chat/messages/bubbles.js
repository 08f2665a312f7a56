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
  #details;
  #texts = new WeakMap();

  // details: what there is to a message beside its text; paint(item, message, me) shows it, and is called
  // again when the message changes
  constructor({ template, dates, folds, details }) {
    this.#template = template;
    this.#dates = dates;
    this.#folds = folds;
    this.#details = details;
  }

  make(message) {
    const { by, name, at } = message;
    const item = this.#template.content.firstElementChild.cloneNode(true);
    const part = (selector) => item.querySelector(selector);
    paint(part(".avatar"), name, by);
    part(".name").textContent = name;
    part("time").dateTime = at;
    part("time").textContent = this.#dates.time(at);
    this.#write(item, message);
    return item;
  }

  // What `place` depends on, besides the message and the one before it.
  mark({ id, name, others = [] }) {
    return JSON.stringify([id, name, others, this.#dates.today]);
  }

  // me: { id, name, others }, where others have names that begin as mine does
  place(item, { message, before }, me) {
    const { turnsDay, opens } = follows(message, before);
    const isMine = message.by === me.id;
    item.classList.toggle("opens", opens);
    item.classList.toggle("mine", isMine);
    if (this.#texts.get(item) !== message.text) this.#write(item, message);
    const mayBeNamed = !isMine && /[@＠]/.test(message.text);
    item.classList.toggle("named", mayBeNamed && mark(item.querySelector(".text"), finderFor(me)));
    for (const detail of this.#details) detail.paint(item, message, me);
    say(item.querySelector(".day"), turnsDay ? this.#dates.day(message.at) : "");
  }

  // An edited text comes into a bubble without the former one's fold.
  #write(item, { text, name }) {
    const old = item.querySelector(".text");
    const bubble = old.cloneNode(false);
    bubble.className = "text";
    for (const button of item.querySelectorAll(":scope > .unfold")) button.remove();
    old.replaceWith(bubble);
    fill(bubble, { text, name }, this.#folds);
    this.#folds.watch(bubble, text);
    this.#texts.set(item, text);
  }
}

// One for all that is painted for the same `me`.
const finders = new WeakMap();
function finderFor(me) {
  if (!finders.has(me)) finders.set(me, finder(me));
  return finders.get(me);
}
