import { say } from "../dom/words.js";

const WORDS = {
  reply: (message) => (message ? `Reply to ${message.name}` : "Reply to a message that is gone"),
  edit: () => "Edit your message",
};

// The line above what one writes: which message it is about.
export class About {
  #root;
  #excerpt;

  // excerpt(message): its first words
  constructor({ root, excerpt }) {
    this.#root = root;
    this.#excerpt = excerpt;
  }

  // type: "reply" or "edit"; message: null where it is gone
  show(type, message) {
    const there = message && !message.removed ? message : null;
    say(this.#root.querySelector(".words"), WORDS[type](there));
    say(this.#root.querySelector(".excerpt"), there ? this.#excerpt(there) : "");
    this.#root.hidden = false;
  }

  hide() {
    this.#root.hidden = true;
  }
}
