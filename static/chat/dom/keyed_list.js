// Shows rows of { key, version, marks, … } as list items. An item stays the same node as long as
// its version does, and is not moved: taken out and put back, a node would be announced again by
// screen readers, and lose focus and selection. A row that has not changed costs next to nothing.
export class KeyedList {
  #list;
  #make;
  #place;
  #shown = new Map();

  // make(row) builds an item; place(item, row) says what depends on the marks, which are compared one by one
  constructor({ list, make, place = () => {} }) {
    this.#list = list;
    this.#make = make;
    this.#place = place;
  }

  show(rows) {
    const shown = new Map();
    for (const row of rows) {
      const old = this.#shown.get(row.key);
      const item = old && old.row.version === row.version ? old.item : this.#make(row);
      if (item !== old?.item || !same(old.row.marks, row.marks)) this.#place(item, row);
      shown.set(row.key, { row, item });
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

const same = (some = [], others = []) => some.every((mark, index) => mark === others[index]);
