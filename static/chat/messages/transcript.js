import { KeyedList } from "../dom/keyed_list.js";
import { inTurn } from "./grouping.js";

// The timeline as the list in the log.
export class Transcript {
  #bubbles;
  #list;
  #me;

  constructor({ list, bubbles }) {
    this.#bubbles = bubbles;
    this.#list = new KeyedList({
      list,
      make: ({ message }) => Object.assign(bubbles.make(message), { id: `m${message.seq}` }),
      place: (item, row) => bubbles.place(item, row, this.#me),
    });
  }

  render(messages, me) {
    this.#me = { ...me, others: longerNames(me.name, messages) };
    const mark = this.#bubbles.mark(this.#me);
    this.#list.show(inTurn(messages).map((row) => ({ ...row, key: row.message.seq, version: row.message, mark })));
  }
}

// Who is called Ada is not meant by "@Ada Lovelace" where somebody with that name speaks.
function longerNames(mine, messages) {
  if (!mine) return [];
  const begins = (name) => name.length > mine.length && name.toLowerCase().startsWith(mine.toLowerCase());
  return [...new Set(messages.map(({ name }) => name).filter(begins))];
}
