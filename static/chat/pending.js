import { inTurn } from "./grouping.js";
import { KeyedList } from "./keyed_list.js";

const NOTES = {
  waiting: () => "waiting to be sent",
  sending: () => "sending…",
  accepted: () => "",
  failed: ({ reason }) => `Not sent. ${reason} `,
};

// The outbox as a list under the log. What is not in the room yet says so.
export class Pending {
  #bubbles;
  #outbox;
  #list;

  constructor({ list, bubbles, outbox }) {
    this.#bubbles = bubbles;
    this.#outbox = outbox;
    this.#list = new KeyedList({
      list,
      make: ({ message }) => this.#make(message),
      place: (item, row) => bubbles.place(item, row, row.message.by),
    });
  }

  render(me, previous) {
    const messages = this.#outbox.entries.map((entry) => ({ ...entry, by: me.id, name: me.name }));
    const rows = inTurn(messages, previous);
    const mark = this.#bubbles.mark(me.id);
    this.#list.show(rows.map((row) => ({ ...row, key: row.message.nonce, version: row.message.state, mark })));
  }

  #make(message) {
    const { nonce, state } = message;
    const item = this.#bubbles.make(message);
    item.classList.add("pending", state);
    const note = document.createElement("p");
    note.className = "note";
    note.append(NOTES[state](message));
    if (state === "failed") {
      note.role = "alert";
      note.append(button("Retry", () => this.#outbox.retry(nonce)), button("Discard", () => this.#outbox.discard(nonce)));
    }
    item.append(note);
    return item;
  }
}

function button(label, pressed) {
  const node = document.createElement("button");
  node.type = "button";
  node.textContent = label;
  node.addEventListener("click", pressed);
  return node;
}
