// Shows rows of { key, version, … } as list items. An item stays the same node as long as its
// version does, and is not moved: taken out and put back, a node would be announced again by
// screen readers, and lose focus and selection.
export class KeyedList {
  #list;
  #make;
  #place;
  #shown = new Map();

  // make(row) builds an item; place(item, row) says what depends on its neighbours
  constructor({ list, make, place }) {
    this.#list = list;
    this.#make = make;
    this.#place = place;
  }

  show(rows) {
    const shown = new Map();
    for (const row of rows) {
      const old = this.#shown.get(row.key);
      const item = old && old.version === row.version ? old.item : this.#make(row);
      this.#place(item, row);
      shown.set(row.key, { version: row.version, item });
    }
    this.#shown = shown;
    this.#arrange(Array.from(shown.values(), ({ item }) => item));
  }

  #arrange(items) {
    const staying = new Set(items);
    for (const child of [...this.#list.children]) if (!staying.has(child)) child.remove();
    let next = this.#list.firstElementChild;
    for (const item of items) {
      if (item === next) next = next.nextElementSibling;
      else this.#list.insertBefore(item, next);
    }
  }
}
