import { say } from "../dom/words.js";

const TELL_EVERY = 3_000;
const LASTS = 5_000;

// Who types, on a line of its own.
export class Typing {
  #parts;
  #told = -Infinity;

  // line; clock; tell() the others that we type; me(): our name
  constructor(parts) {
    this.#parts = parts;
  }

  // Something was typed here.
  typed() {
    const now = this.#parts.clock.now();
    if (now - this.#told < TELL_EVERY) return;
    this.#told = now;
    this.#parts.tell();
  }

  // We may be among them, named or counted.
  follow({ count, names }) {
    const me = this.#parts.me();
    const isHere = names.includes(me) || this.#parts.clock.now() - this.#told < LASTS;
    const named = names.filter((name) => name !== me);
    say(this.#parts.line, inWords(named, count - isHere - named.length));
  }

  // Without a connection nobody knows.
  forget() {
    say(this.#parts.line, "");
  }
}

function inWords(names, others) {
  if (!names.length) return "";
  const all = others > 0 ? [...names, others === 1 ? "1 other" : `${others} others`] : names;
  const listed = all.length > 1 ? `${all.slice(0, -1).join(", ")} and ${all.at(-1)}` : all[0];
  return `${listed} ${all.length > 1 ? "are" : "is"} typing…`;
}
