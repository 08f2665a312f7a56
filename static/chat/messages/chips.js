import { KeyedList } from "../dom/keyed_list.js";
import { make } from "../dom/make.js";
import { say } from "../dom/words.js";

// The reactions at the lower edge of a bubble: pressed, one is one's own too, or no longer. They lie over
// the gap below it and take no room, so that no text moves when there are new ones.
export class Chips {
  #parts;
  #lists = new WeakMap();

  // own: which are one's own, see state/own_reactions.js; react(message, emoji); names: see names.js
  constructor(parts) {
    this.#parts = parts;
  }

  paint(item, message) {
    const { own } = this.#parts;
    const reactions = message.removal ? [] : (message.reactions ?? []);
    item.classList.toggle("reacted", reactions.length > 0);
    if (!reactions.length && !this.#lists.has(item)) return;
    const rows = reactions.map((reaction) => ({
      key: reaction.emoji,
      marks: [message, reaction, own.version],
      message,
      reaction,
    }));
    this.#listOf(item).show(rows);
  }

  #listOf(item) {
    if (!this.#lists.has(item)) {
      const list = make("ul", { className: "reactions", ariaLabel: "Reactions", ariaLive: "off" });
      item.querySelector(".text").after(list);
      this.#lists.set(
        item,
        new KeyedList({ list, make: () => this.#make(), place: (...chip) => this.#place(...chip) }),
      );
    }
    return this.#lists.get(item);
  }

  #make() {
    const chip = make("button", { type: "button", className: "chip" });
    chip.append(make("span", { ariaHidden: "true" }), " ", make("span", { className: "count", ariaHidden: "true" }));
    this.#parts.names.watch(chip);
    return make("li", {}, chip);
  }

  #place(item, { message, reaction }) {
    const chip = item.firstElementChild;
    const [emoji, count] = chip.children;
    say(emoji, reaction.emoji);
    say(count, String(reaction.count));
    chip.ariaPressed = String(reaction.mine ?? this.#parts.own.has(message, reaction));
    this.#parts.names.about(chip, message, reaction);
    chip.onclick = () => this.#parts.react(message, reaction.emoji);
  }
}
