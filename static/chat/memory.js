const KEY = "chat.name";

// The name that this browser joined under. Storage may be forbidden: then for this page only.
export class Memory {
  #storage;
  #name;

  // storage(): reading window.localStorage already throws where it is forbidden
  constructor(storage) {
    this.#storage = storage;
  }

  // Read anew each time: another tab may have taken another name.
  get name() {
    try {
      return this.#storage().getItem(KEY) ?? this.#name;
    } catch {
      return this.#name;
    }
  }

  set name(name) {
    this.#name = name;
    try {
      this.#storage().setItem(KEY, name);
    } catch {
      // remembered above
    }
  }
}
