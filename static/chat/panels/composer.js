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

// Where one writes: something new, an answer to a message, or a message of one's own anew.
// Nothing leaves it that the server would refuse for its length.
export class Composer {
  #parts;
  #form;
  #text;
  #aim = null; // { type: "reply" or "edit", message, draft }: what it is about, and what was here before

  // draft: what was not sent yet; enterBreaks: on touch screens Enter breaks the line;
  // about: the line above it; pick() resolves to an emoji or null; say(text, aim), where aim has `type` and `seq`; editLast(); typed(); changeName()
  constructor(parts) {
    this.#parts = parts;
    this.#form = parts.form;
    this.#text = parts.form.elements.text;
    this.#text.enterKeyHint = parts.enterBreaks ? "enter" : "send";
    this.#text.value ||= parts.draft.text ?? "";
    this.#text.addEventListener("input", () => {
      this.#edited();
      parts.typed();
    });
    this.#text.addEventListener("keydown", (event) => this.#key(event));
    this.#form.addEventListener("submit", (event) => this.#submit(event));
    this.#form.elements.signature.addEventListener("click", parts.changeName);
    this.#form.elements.emoji.addEventListener("click", () => this.#pick());
    this.#form.elements.giveup.addEventListener("click", () => this.#giveUp());
    this.#measure();
    this.#growWhenItsShapeChanges();
  }

  sign({ id, name }) {
    const { signature } = this.#form.elements;
    paint(signature, name, id);
    signature.ariaLabel = signature.title = name ? `${name}, change name` : "Change name";
  }

  // The draft stays while nobody may write, or this person may not.
  allow({ mode, slow_seconds: pause }) {
    this.#invite((PLACEHOLDERS[mode] ?? PLACEHOLDERS.open)(pause), mode !== "read_only");
  }

  close(reason) {
    this.#invite(reason, false);
  }

  get isOpen() {
    return !this.#form.hidden;
  }

  // What was refused comes back with the reason, unless something else is being written.
  // message: the one that it was to change, if it is still there
  takeBack({ text, reason }, message) {
    if (this.#text.value || this.#aim || this.#form.hidden) return false;
    if (message) this.edit(message, text);
    else this.put(text);
    this.#form.elements.count.textContent = reason;
    return true;
  }

  // Puts a text in, behind what is there.
  put(text) {
    this.#fill([this.#text.value, text].filter(Boolean).join("\n"));
  }

  edit(message, text = message.text) {
    this.#giveUp();
    this.#begin({ type: "edit", message, draft: this.#text.value });
    this.#fill(text);
  }

  reply(message) {
    if (this.#aim?.type === "edit") this.#giveUp();
    this.#begin({ type: "reply", message });
    this.#text.focus();
  }

  focus() {
    this.#text.focus();
  }

  // What it is about may have been changed, or be gone.
  follow(find) {
    if (this.#aim) this.#parts.about.show(this.#aim.type, find(this.#aim.message.seq));
  }

  #begin(aim) {
    this.#aim = aim;
    this.#form.classList.add("aims");
    this.#parts.about.show(aim.type, aim.message);
  }

  // What was here before is here again; an answer that was begun becomes one to nobody.
  #giveUp() {
    const { draft } = this.#aim ?? {};
    this.#aim = null;
    this.#form.classList.remove("aims");
    this.#parts.about.hide();
    if (draft !== undefined) this.#fill(draft);
    else this.#text.focus();
  }

  async #pick() {
    const emoji = await this.#parts.pick();
    this.#text.focus();
    if (!emoji) return;
    this.#text.setRangeText(emoji, this.#text.selectionStart, this.#text.selectionEnd, "end");
    this.#edited();
  }

  #fill(text) {
    this.#text.value = text;
    this.#edited();
    this.#text.focus();
    this.#text.setSelectionRange(text.length, text.length);
  }

  #invite(words, open) {
    this.#text.placeholder = words;
    this.#text.disabled = this.#form.elements.send.disabled = !open;
  }

  #key(event) {
    // Safari ends a composition before the keydown of the key that ended it. That keydown has the code 229.
    if (event.isComposing || event.keyCode === COMPOSING || event.defaultPrevented) return;
    if (event.key === "Escape" && this.#aim) return this.#giveUp();
    if (event.key === "ArrowUp" && !this.#text.value && !this.#aim && this.#parts.editLast()) event.preventDefault();
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
    const aim = this.#aim && { type: this.#aim.type, seq: this.#aim.message.seq };
    if (this.#aim?.type !== "edit") this.#fill("");
    if (this.#aim) this.#giveUp();
    this.#parts.say(text, aim);
  }

  // A message that is written anew is no draft: what was here before still is.
  #edited() {
    if (this.#aim?.type !== "edit") this.#parts.draft.text = this.#text.value;
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
