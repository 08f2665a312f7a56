import { longPress } from "../dom/long_press.js";

const NAMED = 12;

// Who has reacted: beside a chip that the pointer or the focus is on, and on touch screens that is held.
export class Names {
  #ask;
  #clock;
  #about = new WeakMap();
  #told = new WeakMap();

  // ask(path), see requests.js
  constructor({ ask, clock }) {
    this.#ask = ask;
    this.#clock = clock;
  }

  watch(chip) {
    for (const comes of ["pointerenter", "focus"]) chip.addEventListener(comes, () => this.#tell(chip));
    longPress({ element: chip, clock: this.#clock, pressed: () => chip.focus() });
  }

  // What is known of the names of another state of the message is old.
  about(chip, message, reaction) {
    this.#about.set(chip, { message, reaction });
    chip.ariaLabel = `${reaction.emoji} ${reaction.count}`;
    delete chip.dataset.names;
    if (chip.matches(":hover, :focus")) this.#tell(chip);
  }

  async #tell(chip) {
    const { message, reaction } = this.#about.get(chip);
    const people = await this.#people(message);
    const found = people.find(({ emoji }) => emoji === reaction.emoji);
    if (!found || this.#about.get(chip).message !== message) return;
    const names = inWords(found.people, reaction.count);
    chip.dataset.names = names;
    chip.ariaLabel = `${reaction.emoji} ${reaction.count}: ${names}`;
  }

  // What failed is asked again the next time.
  #people(message) {
    if (!this.#told.has(message)) this.#told.set(message, this.#fetch(message));
    return this.#told.get(message);
  }

  async #fetch(message) {
    const { ok, body } = await this.#ask(`/api/reactions?seq=${message.seq}`).catch(() => ({ ok: false }));
    if (!ok) this.#told.delete(message);
    return ok ? body : [];
  }
}

export function inWords(people, count) {
  const names = people.slice(0, NAMED).map(({ name }) => name || "somebody");
  const others = count - names.length;
  if (others > 0) names.push(`${others} more`);
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names.join("");
}
