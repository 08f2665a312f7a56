import { button, make } from "../dom/make.js";

const WORDS = {
  waiting: "Removed.",
  sending: "Removing…",
  accepted: "Removed.",
};

// What stands in place of one's own message from when it is removed here until it is gone from the room.
// As long as the removal has not gone out, it can be taken back.
export class Removal {
  #undo;

  // undo(nonce)
  constructor({ undo }) {
    this.#undo = undo;
  }

  paint(item, { removal }) {
    item.classList.toggle("removed", Boolean(removal));
    const note = item.querySelector(".note");
    const state = removal?.state;
    if (note?.dataset.state === state) return;
    note?.remove();
    if (!removal) return;
    const line = make("p", { className: "note" }, WORDS[state], " ");
    line.dataset.state = state;
    if (state === "waiting") line.append(button("Undo", () => this.#undo(removal.nonce), { className: "undo" }));
    item.append(line);
  }
}
