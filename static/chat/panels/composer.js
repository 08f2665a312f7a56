import { clean, fitsFrame, textLength } from "../connection/protocol.js";
import { paint } from "../dom/avatar.js";
import { say } from "../dom/words.js";

const COUNT_FROM = 200;
const COMPOSING = 229;
const GROWS_BY_ITSELF = CSS.supports("field-sizing", "content");
const PLACEHOLDERS = {
  open: () => "Say something",
  slow: (pause) => `Say something, once in ${pause} s`,
  read_only: () => "Nobody can write here at the moment",
};

// Where one writes. Nothing leaves it that the server would refuse for its length.
export class Composer {
  #parts;
  #form;
  #text;

  // draft: what was not sent yet; enterBreaks: on touch screens Enter breaks the line; say(text); changeName()
  constructor(parts) {
    this.#parts = parts;
    this.#form = parts.form;
    this.#text = parts.form.elements.text;
    this.#text.enterKeyHint = parts.enterBreaks ? "enter" : "send";
    this.#text.value ||= parts.draft.text ?? "";
    this.#text.addEventListener("input", () => this.#edited());
    this.#text.addEventListener("keydown", (event) => this.#key(event));
    this.#form.addEventListener("submit", (event) => this.#submit(event));
    this.#form.elements.signature.addEventListener("click", parts.changeName);
    this.#measure();
    this.#growWhenItsShapeChanges();
  }

  sign({ id, name }) {
    const { signature } = this.#form.elements;
    paint(signature, name, id);
    signature.ariaLabel = signature.title = name ? `${name}, change name` : "Change name";
  }

  // The draft stays while nobody may write, or this person may not.
  follow({ mode, slow_seconds: pause }) {
    this.#invite((PLACEHOLDERS[mode] ?? PLACEHOLDERS.open)(pause), mode !== "read_only");
  }

  close(reason) {
    this.#invite(reason, false);
  }

  // What was refused comes back with the reason, unless something else is being written.
  takeBack({ text, reason }) {
    if (this.#text.value || this.#form.hidden) return false;
    this.edit(text);
    this.#form.elements.count.textContent = reason;
    return true;
  }

  // Puts a text in, behind what is there.
  edit(text) {
    this.#text.value = [this.#text.value, text].filter(Boolean).join("\n");
    this.#edited();
    this.#text.focus();
  }

  #invite(words, open) {
    this.#text.placeholder = words;
    this.#text.disabled = this.#form.elements.send.disabled = !open;
  }

  #key(event) {
    // Safari ends a composition before the keydown of the key that ended it. That keydown has the code 229.
    if (event.isComposing || event.keyCode === COMPOSING) return;
    const sends = event.ctrlKey || event.metaKey || !this.#parts.enterBreaks;
    if (event.key !== "Enter" || event.shiftKey || !sends) return;
    event.preventDefault();
    this.#form.requestSubmit();
  }

  #submit(event) {
    event.preventDefault();
    const text = clean(this.#text.value);
    this.#text.focus();
    if (!text || this.#measure() > 0) return;
    this.#text.value = "";
    this.#edited();
    this.#parts.say(text);
  }

  #edited() {
    this.#parts.draft.text = this.#text.value;
    this.#measure();
  }

  // Returns by how much the text is too long.
  #measure() {
    const { value } = this.#text;
    const { limits } = this.#parts;
    const left = Math.min(limits.text - textLength(value), fitsFrame(value, limits) ? Infinity : -1);
    say(this.#form.elements.count, left < 0 ? `${-left} too many` : left < COUNT_FROM ? `${left} left` : "");
    this.#text.ariaInvalid = String(left < 0);
    if (!GROWS_BY_ITSELF) this.#grow();
    return -left;
  }

  // A hidden field can't be measured. The height changes when it is shown, made narrower, or its font grows.
  #growWhenItsShapeChanges() {
    if (GROWS_BY_ITSELF || !globalThis.ResizeObserver) return;
    new ResizeObserver(() => requestAnimationFrame(() => this.#grow())).observe(this.#text);
  }

  #grow() {
    const { style } = this.#text;
    style.height = "auto";
    if (this.#text.scrollHeight) style.height = `${this.#text.scrollHeight}px`;
  }
}
