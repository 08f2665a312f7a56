import { step } from "../dom/focus.js";

// The messages by keyboard: Tab leads to the box, the arrow keys to a message and on to others, Enter to what
// can be done with it, Escape back to where one writes.
export class Steps {
  #parts;

  // box: what scrolls; list: of the messages; enter(item); leave()
  constructor(parts) {
    this.#parts = parts;
    parts.box.addEventListener("keydown", (event) => this.#key(event));
  }

  #key(event) {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const handle = KEYS[event.key];
    if (handle?.(this, event.target, event.key)) event.preventDefault();
  }

  // From the box itself the first step is onto a message.
  step(target, key) {
    const { box, list } = this.#parts;
    const items = [...list.children];
    const item = target.closest(".message");
    if (!list.contains(item) && target !== box) return false;
    const index = item ? items.indexOf(item) : items.length;
    this.#focus(items[step(key, "down", index, items.length)]);
    return true;
  }

  enter(target) {
    if (!target.matches(".message") || !this.#parts.list.contains(target)) return false;
    this.#parts.enter(target);
    return true;
  }

  leave() {
    this.#parts.leave();
    return true;
  }

  #focus(item) {
    item?.focus({ preventScroll: true });
    item?.scrollIntoView({ block: "nearest" });
  }
}

const stepping = (steps, target, key) => steps.step(target, key);
const entering = (steps, target) => steps.enter(target);
const KEYS = {
  ArrowUp: stepping,
  ArrowDown: stepping,
  Home: stepping,
  End: stepping,
  Enter: entering,
  " ": entering,
  Escape: (steps) => steps.leave(),
};
