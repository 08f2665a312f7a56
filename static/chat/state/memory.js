// One text that the browser keeps for us. Storage may be forbidden: then for this page only.
export class Memory {
  #storage;
  #key;
  #text;

  // storage(): reading window.localStorage already throws where it is forbidden
  constructor(storage, key) {
    this.#storage = storage;
    this.#key = key;
  }

  // Read anew each time: another tab may have written another one.
  get text() {
    try {
      return this.#storage().getItem(this.#key) ?? this.#text;
    } catch {
      return this.#text;
    }
  }

  set text(text) {
    this.#text = text;
    try {
      this.#storage().setItem(this.#key, text);
    } catch {
      // kept above
    }
  }
}
