import { paint } from "./avatar.js";
import { KeyedList } from "./keyed_list.js";

// Who is here. In a big room the server leaves the names out and only counts.
export class Roster {
  #root;
  #button;
  #list;
  #names = new Set();
  #count = 0;

  constructor({ root, button, template }) {
    this.#root = root;
    this.#button = button;
    this.#list = new KeyedList({
      list: root.querySelector("ul"),
      make: () => template.content.firstElementChild.cloneNode(true),
      place,
    });
  }

  // Without a WebSocket nobody tells who is here.
  start({ count = null, names = [] } = {}) {
    this.#names = new Set(names);
    this.#count = count;
  }

  follow({ count, joined, left }) {
    this.#count = count;
    if (!joined || !left) return this.#names.clear();
    for (const name of left) this.#names.delete(name);
    for (const name of joined) this.#names.add(name);
  }

  // Names carry no id: the colour is known of those who have spoken.
  render(me, messages) {
    const ids = new Map([...messages, { name: me.name, by: me.id }].map(({ name, by }) => [name, by]));
    const names = [...this.#names].sort((a, b) => a.localeCompare(b));
    const unnamed = names.length ? this.#count - names.length : 0;
    this.#list.show(names.map((name) => ({ key: name, name, id: ids.get(name), isMe: name === me.name })));
    this.#root.querySelector("h2").textContent = heading(this.#count);
    this.#root.querySelector("p").textContent = unnamed > 0 ? `and ${unnamed} more` : "";
    this.#button.textContent = this.#count === null ? "People" : `${this.#count} here`;
  }
}

function heading(count) {
  if (count === null) return "Who is here can’t be seen over this connection";
  return count === 1 ? "1 person here" : `${count} people here`;
}

function place(item, { name, id, isMe }) {
  paint(item.querySelector(".avatar"), name, id);
  item.querySelector(".name").textContent = name;
  item.querySelector(".you").hidden = !isMe;
}
