import { step } from "../dom/focus.js";
import { longPress } from "../dom/long_press.js";
import { button, icon, make } from "../dom/make.js";

const QUICK = ["👍", "❤️", "😂", "🎉", "😮", "🙏"];
const FACE = "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18M8.5 14.5a4.5 4.5 0 0 0 7 0M9 9.5v.5M15 9.5v.5";

// What one can do with the message that the pointer or the focus is on: a small bar at its bubble, and on
// touch screens a sheet after a long press. There is one for the page, which lies in that message's item.
export class Toolbar {
  #parts;
  #bar;
  #item = null;
  #touched = false;

  // list: of the messages; actions: see actions.js; find(item) its message, me() who reads;
  // react(message, emoji), more(message): all emoji; clock
  constructor(parts) {
    this.#parts = parts;
    const { list, clock } = parts;
    this.#bar = make("div", { className: "actions", role: "toolbar", ariaLabel: "Message actions", ariaLive: "off" });
    this.#bar.addEventListener("keydown", (event) => this.#key(event));
    list.addEventListener("pointerover", (event) => event.pointerType === "mouse" && this.#show(itemOf(event.target)));
    list.addEventListener("pointerleave", () => !this.#isHeld() && !this.#isSheet && this.hide());
    list.addEventListener("focusin", ({ target }) => !this.#touched && this.#show(itemOf(target)));
    list.addEventListener("focusout", ({ relatedTarget }) => !list.contains(relatedTarget) && this.hide());
    document.addEventListener("pointerdown", (event) => this.#pressed(event), true);
    document.addEventListener("keydown", () => (this.#touched = false), true);
    const isMeant = (target) => !target.closest("a, button");
    longPress({ element: list, clock, isMeant, pressed: (target) => this.#open(itemOf(target)) });
  }

  // With the keyboard: the focus goes into the bar.
  enter(item) {
    this.#show(item);
    this.#bar.querySelector("button")?.focus();
  }

  hide() {
    if (!this.#item) return;
    this.#item.classList.remove("acting");
    this.#item = null;
    this.#bar.classList.remove("sheet");
    this.#bar.remove();
  }

  // What is shown may have changed under it.
  follow() {
    if (this.#item && (!this.#item.isConnected || this.#parts.find(this.#item)?.removal)) this.hide();
  }

  get #isSheet() {
    return this.#bar.classList.contains("sheet");
  }

  #isHeld() {
    return this.#item?.contains(document.activeElement);
  }

  // On touch screens.
  #open(item) {
    this.hide();
    this.#show(item);
    if (!this.#item) return;
    this.#bar.classList.add("sheet");
    this.#bar.querySelector("button").focus({ preventScroll: true });
  }

  #show(item) {
    if (!item || item === this.#item || this.#isSheet) return;
    const message = this.#parts.find(item);
    this.hide();
    if (!message || message.removal) return;
    this.#bar.replaceChildren(...this.#reactions(message), ...this.#verbs(message));
    this.#item = item;
    item.classList.add("acting");
    item.append(this.#bar);
  }

  #reactions(message) {
    if (!this.#parts.me().writes) return [];
    const react = (emoji) => this.#button(emoji, `React with ${emoji}`, () => this.#parts.react(message, emoji));
    const more = this.#button(icon(FACE), "React with another emoji", () => this.#parts.more(message));
    return [make("div", { className: "quick" }, ...QUICK.map(react), more)];
  }

  #verbs(message) {
    const fitting = this.#parts.actions.filter(({ applies }) => applies(message, this.#parts.me()));
    const buttons = fitting.map(({ label, icon: path, act }) => {
      const content = make("span", { className: "verb" }, icon(path), make("span", { className: "label" }, label));
      return this.#button(content, label, () => act(message));
    });
    return [make("div", { className: "verbs" }, ...buttons)];
  }

  // Where an action gives the focus to nobody, it goes back to the message.
  #button(content, label, act) {
    const pressed = () => {
      const item = this.#item;
      const wasSheet = this.#isSheet;
      const hadFocus = this.#isHeld();
      act();
      if (hadFocus && this.#bar.contains(document.activeElement)) item.focus({ preventScroll: true });
      if (wasSheet) this.hide();
    };
    return button(content, pressed, { ariaLabel: label, title: label });
  }

  #pressed({ target, pointerType }) {
    this.#touched = pointerType === "touch";
    if (this.#isSheet && !this.#bar.contains(target)) this.hide();
  }

  // One Tab leads into the bar, another one out of it: within it the arrows step.
  #key(event) {
    const buttons = [...this.#bar.querySelectorAll("button")];
    const next = step(event.key, "across", buttons.indexOf(document.activeElement), buttons.length);
    if (event.key === "Escape") this.#leave();
    else if (next !== null) buttons[next].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #leave() {
    const item = this.#item;
    if (this.#isSheet) this.hide();
    item.focus({ preventScroll: true });
  }
}

const itemOf = (target) => target.closest?.(".message");
