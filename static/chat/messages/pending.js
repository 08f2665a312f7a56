import { KeyedList } from "../dom/keyed_list.js";
import { button, make } from "../dom/make.js";
import { inTurn } from "./grouping.js";

const NOTES = {
  waiting: ({ held, rest }) => (rest ? `${held} Goes out in ${inWords(rest)}. ` : "waiting to be sent"),
  sending: () => "sending…",
  accepted: () => "",
  failed: ({ type, reason }) => `${type === "edit" ? "Not changed" : "Not sent"}. ${reason} `,
};
const FLEETING = "This browser can't keep it: leave the page open.";

// The outbox as a list under the log. What is not in the room yet says so.
export class Pending {
  #bubbles;
  #outbox;
  #edit;
  #list;

  // edit(entry): in the composer
  constructor({ list, bubbles, outbox, edit }) {
    this.#bubbles = bubbles;
    this.#outbox = outbox;
    this.#edit = edit;
    this.#list = new KeyedList({
      list,
      make: ({ message }) => this.#make(message),
      place: (item, row) => this.#place(item, row),
    });
  }

  render(me, previous) {
    const entries = this.#outbox.entries.filter(({ type, state }) => type === "post" || state === "failed");
    const first = entries.find(({ state }) => state === "waiting");
    const messages = entries.map((entry) => ({
      ...entry,
      by: me.id,
      name: me.name,
      rest: entry === first && entry.held ? this.#outbox.rest : 0,
      isKept: entry.state === "accepted" || this.#outbox.isKept(entry),
    }));
    const mark = this.#bubbles.mark(me);
    this.#list.show(
      inTurn(messages, previous).map((row) => ({
        ...row,
        key: row.message.nonce,
        version: version(row.message),
        marks: [mark, row.before, row.message.rest],
      })),
    );
  }

  #make(message) {
    const { state, isKept } = message;
    const item = this.#bubbles.make(message);
    item.classList.add("pending", state);
    const note = make("p", { className: "note" }, NOTES[state](message));
    if (!isKept && state !== "sending") note.append(` ${FLEETING} `);
    if (state === "failed") note.role = "alert";
    if (state === "failed" || message.rest) note.append(...this.#choices(message));
    item.append(note);
    return item;
  }

  // The countdown changes an item's words, not the item: a button that is being pressed must stay.
  #place(item, row) {
    this.#bubbles.place(item, row, { id: row.message.by });
    const { firstChild: words } = item.querySelector(".note");
    words.data = NOTES[row.message.state](row.message);
  }

  #choices({ nonce, state, hopeless }) {
    const retry = button("Retry", () => this.#outbox.retry(nonce));
    const edit = button("Edit", () => this.#edit(this.#outbox.entries.find((entry) => entry.nonce === nonce)));
    const discard = button("Discard", () => this.#outbox.discard(nonce));
    return hopeless || state !== "failed" ? [edit, discard] : [retry, edit, discard];
  }
}

const version = ({ state, rest, isKept }) => `${state} ${rest > 0} ${isKept}`;
const inWords = (seconds) => (seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`);
