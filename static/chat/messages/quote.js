import { button } from "../dom/make.js";
import { say } from "../dom/words.js";

// Above an answer: who and what it answers. Pressed, it leads there.
export class Quote {
  #parts;

  // quotes: what is answered, see state/quotes.js; excerpt(message): its first words; go(seq)
  constructor(parts) {
    this.#parts = parts;
  }

  // An answer to one's own message counts as if it named one.
  paint(item, { reply_to: seq, by }, me) {
    const old = item.querySelector(".quote");
    if (!seq) return old?.remove();
    const quoted = this.#parts.quotes.get(seq);
    const line = old ?? button("", () => this.#parts.go(seq), { className: "quote", dir: "auto", translate: false });
    say(line, this.#words(quoted));
    line.disabled = !quoted || Boolean(quoted.removed);
    if (!old) item.querySelector(".text").prepend(line);
    if (quoted?.name && quoted.by === me.id && by !== me.id) item.classList.add("named");
  }

  #words(quoted) {
    if (!quoted) return "…";
    return quoted.removed ? "A message that is gone" : `${quoted.name}: ${this.#parts.excerpt(quoted)}`;
  }
}
