import { paint } from "../dom/avatar.js";
import { KeyedList } from "../dom/keyed_list.js";
import { attempt } from "../dom/optional.js";
import { say } from "../dom/words.js";

const compare = attempt(
  () => new Intl.Collator().compare,
  () => undefined,
);

// Who is here. In a big room the server leaves the names out and only counts.
export class Roster {
  #root;
  #button;
  #list;
  #template;
  #names = new Set();
  #sorted = null;
  #count = 0;

  constructor({ root, button, template }) {
    this.#root = root;
    this.#button = button;
    this.#template = template;
    // A browser without popovers shows the list by a class of ours.
    if (!root.togglePopover) button.addEventListener("click", () => root.classList.toggle("open"));
    this.#list = new KeyedList({
      list: root.querySelector("ul"),
      make: (row) => this.#make(row),
    });
  }

  get names() {
    return this.#inOrder();
  }

  // Over HTTP the server doesn't say who is here.
  start({ count = null, names = [] } = {}) {
    this.#names = new Set(names);
    this.#sorted = null;
    this.#count = count;
  }

  // If nobody joined and nobody left, there are too many people to name, and those we know may be gone.
  follow({ count, joined = [], left = [] }) {
    this.#count = count;
    this.#sorted = null;
    if (!joined.length && !left.length) return this.#names.clear();
    for (const name of left) this.#names.delete(name);
    for (const name of joined) this.#names.add(name);
  }

  // The list of names has no ids: we know the colour only of people who have written.
  render(me, messages) {
    const ids = new Map([...messages, { name: me.name, by: me.id }].map(({ name, by }) => [name, by]));
    const unnamed = this.#names.size ? this.#count - this.#names.size : 0;
    const row = (name) => ({ key: name, version: `${ids.get(name)} ${name === me.name}`, id: ids.get(name), me });
    this.#list.show(this.#inOrder().map(row));
    say(this.#root.querySelector("h2"), heading(this.#count));
    say(this.#root.querySelector("p"), unnamed > 0 ? `and ${unnamed} more` : "");
    say(this.#button, this.#count === null ? "People" : `${this.#count} here`);
  }

  #inOrder() {
    this.#sorted ??= [...this.#names].sort(compare);
    return this.#sorted;
  }

  #make({ key: name, id, me }) {
    const item = this.#template.content.firstElementChild.cloneNode(true);
    paint(item.querySelector(".avatar"), name, id);
    item.querySelector(".name").textContent = name;
    item.querySelector(".you").hidden = name !== me.name;
    return item;
  }
}

function heading(count) {
  if (count === null) return "Who is here can’t be seen over this connection";
  return count === 1 ? "1 person here" : `${count} people here`;
}
