import { make } from "../dom/make.js";

// Completes what is typed in a text field: a list of options at it, of which the arrow keys choose one and
// Enter, Tab or a click takes it; Escape closes it. The focus stays in the field, which says which one is
// chosen. It listens before those who send on Enter, and they let alone what it has handled.
export class Completion {
  #field;
  #list;
  #sources;
  #options = [];
  #chosen = 0;
  #range = null;
  #asked = 0;

  // sources: each has find(text, caret), which gives { start, typed } or null, and options(typed), which resolves
  // to [{ value, label, hint }]
  constructor({ field, list, sources }) {
    this.#field = field;
    this.#list = list;
    this.#sources = sources;
    field.ariaAutoComplete = "list";
    field.setAttribute("aria-controls", list.id);
    field.addEventListener("keydown", (event) => this.#key(event));
    field.addEventListener("input", (event) => !event.isComposing && this.#look());
    field.addEventListener("blur", () => this.#close());
    for (const moves of ["click", "keyup"]) field.addEventListener(moves, () => this.#isAway() && this.#close());
  }

  async #look() {
    const { value, selectionStart: caret, selectionEnd } = this.#field;
    const asked = ++this.#asked;
    for (const source of this.#sources) {
      const found = caret === selectionEnd && source.find(value, caret);
      const options = found ? await source.options(found.typed).catch(() => []) : [];
      if (asked !== this.#asked) return;
      if (options.length) return this.#open(options, { start: found.start, end: caret });
    }
    this.#close();
  }

  #isAway() {
    return this.#range && this.#field.selectionStart !== this.#range.end;
  }

  #open(options, range) {
    this.#range = range;
    this.#options = options;
    this.#list.replaceChildren(...options.map((option, index) => this.#make(option, index)));
    this.#list.hidden = false;
    this.#choose(0);
  }

  #make({ label, hint = "" }, index) {
    const item = make("li", { id: `${this.#list.id}-${index}`, role: "option", translate: false });
    item.append(make("bdi", {}, label), " ", make("small", {}, hint));
    // Before the field loses the focus.
    item.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.#take(index);
    });
    return item;
  }

  #choose(index) {
    this.#chosen = index;
    for (const [at, item] of [...this.#list.children].entries()) item.ariaSelected = String(at === index);
    this.#list.children[index].scrollIntoView({ block: "nearest" });
    this.#field.setAttribute("aria-activedescendant", this.#list.children[index].id);
  }

  #take(index) {
    const { start, end } = this.#range;
    this.#field.setRangeText(`${this.#options[index].value} `, start, end, "end");
    this.#close();
    this.#field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #close() {
    this.#asked += 1;
    this.#range = null;
    this.#list.hidden = true;
    this.#list.replaceChildren();
    this.#field.removeAttribute("aria-activedescendant");
  }

  #key(event) {
    if (!this.#range || isComposing(event) || event.shiftKey || !Object.hasOwn(KEYS, event.key)) return;
    event.preventDefault();
    const count = this.#options.length;
    const handlers = {
      next: () => this.#choose((this.#chosen + 1) % count),
      previous: () => this.#choose((this.#chosen + count - 1) % count),
      take: () => this.#take(this.#chosen),
      close: () => this.#close(),
    };
    handlers[KEYS[event.key]]();
  }
}

// Safari ends a composition before the keydown of the key that ended it. That keydown has the code 229.
const isComposing = ({ isComposing, keyCode }) => isComposing || keyCode === 229;
const KEYS = { ArrowDown: "next", ArrowUp: "previous", Enter: "take", Tab: "take", Escape: "close" };
