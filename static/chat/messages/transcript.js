import { KeyedList } from "../dom/keyed_list.js";
import { inTurn } from "./grouping.js";

// The timeline as the list in the log.
export class Transcript {
  #bubbles;
  #list;
  #more;
  #me;

  // more(message): what its details show of other things, as a list; it is painted again when that changes
  constructor({ list, bubbles, more }) {
    this.#bubbles = bubbles;
    this.#more = more;
    this.#list = new KeyedList({
      list,
      make: ({ message }) => Object.assign(bubbles.make(message), { id: `m${message.seq}`, tabIndex: -1 }),
      place: (item, row) => bubbles.place(item, row, this.#me),
    });
  }

  render(messages, me) {
    this.#me = { ...me, others: longerNames(me.name, messages) };
    const mark = this.#bubbles.mark(this.#me);
    const marks = ({ message, before }) => [mark, before, message, ...this.#more(message)];
    this.#list.show(inTurn(messages).map((row) => ({ ...row, key: row.message.seq, marks: marks(row) })));
  }
}

// Who is called Ada is not meant by "@Ada Lovelace" where somebody with that name speaks.
function longerNames(mine, messages) {
  if (!mine) return [];
  const begins = (name) => name.length > mine.length && name.toLowerCase().startsWith(mine.toLowerCase());
  return [...new Set(messages.map(({ name }) => name).filter(begins))];
}
