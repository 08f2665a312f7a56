import { grouped } from "./grouping.js";
import { KeyedList } from "./keyed_list.js";

const SETTLES = 1_000;

// The timeline as the list in the log.
export class Transcript {
  #log;
  #clock;
  #list;
  #me;

  constructor({ log, bubbles, clock }) {
    this.#log = log;
    this.#clock = clock;
    this.#list = new KeyedList({
      list: log.querySelector("ol"),
      make: ({ message }) => Object.assign(bubbles.make(message), { id: `m${message.seq}` }),
      place: (item, row) => bubbles.place(item, row, this.#me),
    });
  }

  render(messages, me) {
    this.#me = me;
    this.#list.show(grouped(messages).map((row) => ({ ...row, key: row.message.seq, version: row.message })));
  }

  // History is not news: a screen reader is not to read out fifty old messages.
  quietly(change) {
    this.#log.ariaLive = "off";
    change();
    this.#clock.setTimeout(() => (this.#log.ariaLive = "polite"), SETTLES);
  }
}
