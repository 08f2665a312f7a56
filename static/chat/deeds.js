import { UNDO } from "./state/entries.js";

const POINTED = 2_500;
const REFUSED = {
  remove: ({ reason }) => `Not removed. ${reason}`,
  react: ({ reason, emoji }) => `${emoji} was taken back. ${reason}`,
};

// What one does with messages: it goes into the outbox, and is seen here at once.
export class Deeds {
  #parts;

  // outbox; own: reactions; composer; scroll; history; word; clock; copy(text); pick() resolves to an emoji or null; address(seq) of a message, itemOf(seq) where
  // it is shown; room: me, find(seq), shown, travel(journey)
  constructor(parts) {
    this.#parts = parts;
  }

  // What makeActions asks for.
  verbs = {
    reply: (message) => this.#parts.composer.reply(message),
    edit: (message) => this.#parts.composer.edit(message),
    remove: (message) => this.#remove(message),
    copy: ({ text }) => this.#copy(text, "Text copied"),
    link: ({ seq }) => this.#copy(this.#parts.address(seq), "Link copied"),
  };

  // aim: what the composer was about, { type, seq }, or null
  say(text, aim) {
    if (aim?.type === "edit") return this.#edit(aim.seq, text);
    this.#parts.outbox.add({ type: "post", text, reply_to: aim?.seq });
    this.#parts.scroll.toEnd();
  }

  // Whether there is one that can still be edited.
  editLast(isEditable) {
    const last = this.#parts.room.shown.findLast((message) => isEditable(message, this.#parts.room.me));
    if (last) this.#parts.composer.edit(last);
    return Boolean(last);
  }

  // What was refused goes back to where it was written, and where that is taken, waits in the outbox.
  refused(entry) {
    const { outbox, composer, word, room } = this.#parts;
    const { type, nonce, seq, hopeless } = entry;
    if (Object.hasOwn(REFUSED, type)) return word.say(REFUSED[type](entry));
    const taken = hopeless && composer.takeBack(entry, type === "edit" ? room.find(seq) : null);
    if (taken) outbox.discard(nonce);
  }

  // What waits in the outbox is written anew.
  rewrite({ type, nonce, seq, text }) {
    const { outbox, composer, room } = this.#parts;
    outbox.discard(nonce);
    const message = type === "edit" && room.find(seq);
    if (message) composer.edit(message, text);
    else composer.put(text);
  }

  // To a message, however far above: what lies between is loaded. It is marked for a moment.
  async go(seq) {
    const { room, history, scroll, word, clock, itemOf } = this.#parts;
    await room.travel(async () => {
      const item = (await history.reach(seq)) && itemOf(seq);
      if (!item) return word.say("That message can’t be shown.");
      scroll.show(item);
      item.focus({ preventScroll: true });
      item.classList.add("pointed");
      clock.setTimeout(() => item.classList.remove("pointed"), POINTED);
    });
  }

  undo(nonce) {
    this.#parts.outbox.discard(nonce);
  }

  #edit(seq, text) {
    if (this.#parts.room.find(seq)?.text !== text) this.#parts.outbox.add({ type: "edit", seq, text });
  }

  // One's own reaction, or no longer.
  react({ seq }, emoji) {
    const { outbox, room, own } = this.#parts;
    const message = room.find(seq);
    const there = message?.reactions?.find((one) => one.emoji === emoji);
    const isMine = there && (there.mine ?? own.has(message, there));
    if (message) outbox.add({ type: "react", seq, emoji, on: !isMine });
  }

  // With any emoji: the picker is loaded when it is first wanted.
  async reactWithAny(message) {
    const { pick, itemOf } = this.#parts;
    const emoji = await pick();
    if (emoji) this.react(message, emoji);
    itemOf(message.seq)?.focus({ preventScroll: true });
  }

  // It waits for its undoing in the store, so that it is kept whatever becomes of the page.
  #remove({ seq }) {
    const { outbox, clock } = this.#parts;
    outbox.add({ type: "remove", seq, due: clock.now() + UNDO });
  }

  async #copy(text, done) {
    this.#parts.word.say((await this.#parts.copy(text)) ? done : "This browser doesn’t let us copy.");
  }
}
