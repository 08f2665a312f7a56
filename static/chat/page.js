import { explain } from "./connection/protocol.js";
import { keepFocus } from "./dom/focus.js";
import { overlay } from "./state/overlay.js";

const MOST_AT_END = 200;
const MOST_ABOVE = 500;

// What each frame of the server means for the parts of the page.
export class Room {
  #parts;
  #me;
  #news = 0;
  #shown = [];
  #travels = false;
  #refused = {
    join: (frame) => this.#parts.joinForm.refuse(explain(frame)),
    ...Object.fromEntries(["post", "edit", "remove", "react"].map((type) => [type, (frame) => this.#rejected(frame)])),
  };

  handlers = {
    hello: (frame) => this.#hello(frame),
    messages: (frame, afresh) => this.#messages(frame, afresh),
    accepted: (frame) => this.#accepted(frame),
    rejected: (frame) => this.#rejected(frame),
    error: (frame) => this.#refused[frame.for]?.(frame),
    presence: (frame) => this.#presence(frame),
    you: (frame) => this.#become(frame),
    room: (frame) => this.#follow(frame),
    typing: (frame) => this.#parts.typing.follow(frame),
  };

  constructor({ me, parts }) {
    this.#me = me;
    this.#parts = parts;
  }

  // From the page's own data, before there is a connection.
  start({ messages, from, to, room }) {
    const { timeline, composer, joinForm, name } = this.#parts;
    timeline.start(messages, from);
    composer.sign(this.#me);
    joinForm.answered(name.text ? this.#me : null, "");
    this.#follow(room);
    this.#settle(messages, to);
    this.#paintQuietly();
  }

  // Who reads, and whether under a name.
  get me() {
    return { ...this.#me, writes: this.#parts.composer.isOpen };
  }

  // Of others: who has spoken, the last one first, and who is here.
  get names() {
    const spoken = this.#shown.map(({ name }) => name).reverse();
    return [...new Set([...spoken, ...this.#parts.roster.names])].filter((name) => name !== this.#me.name);
  }

  // A message as it is seen here; undefined where it isn't.
  find(seq) {
    return this.#shown.find((message) => message.seq === seq);
  }

  get shown() {
    return this.#shown;
  }

  // While this is on its way, what is loaded for it stays, though the reader is at the end.
  async travel(journey) {
    this.#travels = true;
    const arrived = await journey();
    this.#travels = false;
    return arrived;
  }

  prepend({ messages, more }) {
    this.#parts.timeline.prepend(messages, more);
    this.#paintQuietly();
  }

  changeName() {
    this.#parts.joinForm.change(this.#me.name);
  }

  // The connection is gone or going: nothing is on the wire any more.
  connection(state) {
    this.#parts.status.show(state);
    if (state.name === "closed") this.#parts.composer.close(state.reason);
    if (state.name === "open" || state.name === "doubtful") return;
    this.#parts.outbox.pause();
    this.#parts.typing.forget();
  }

  // Everything that messages and people change; the painter says when.
  paint() {
    const { announcer, scroll, timeline, status, outbox, heading, roster, own } = this.#parts;
    const news = this.#news;
    this.#news = 0;
    announcer.arrived(news);
    if (scroll.atEnd && !this.#travels) timeline.trim(MOST_AT_END);
    else timeline.hold(MOST_ABOVE);
    this.#shown = overlay(timeline.messages, outbox.changes, { me: this.#me.id, isMine: (...it) => own.has(...it) });
    scroll.hold(() => this.#paintMessages());
    scroll.arrived(news);
    heading.arrived(news);
    status.waits(outbox.unsent);
    roster.render(this.#me, this.#shown);
  }

  #paintMessages() {
    const { transcript, pending, toolbar, composer, joinForm } = this.#parts;
    const change = () => {
      transcript.render(this.#shown, this.#me);
      pending.render(this.#me, this.#shown.at(-1));
      toolbar.follow();
    };
    keepFocus(change, composer.isOpen ? composer : joinForm);
    composer.follow((seq) => this.#parts.timeline.find(seq));
  }

  // Over HTTP neither the room nor who is here is told.
  #hello({ you, room, online }) {
    const { roster, joinForm, outbox, name } = this.#parts;
    roster.start(online);
    if (room) this.#follow(room);
    joinForm.answered(you, name.text ?? "");
    if (you) this.#become(you);
    if (you) outbox.resume();
    else outbox.pause();
  }

  #messages({ messages, from, to }, afresh) {
    const { timeline, quotes, own } = this.#parts;
    if (afresh) {
      timeline.start(messages, from);
      quotes.forget();
      own.forget();
    }
    quotes.follow(messages);
    const news = timeline.merge(messages);
    this.#news += news.filter((message) => !this.#isMine(message)).length;
    this.#settle(messages, to);
    if (afresh) this.#paintQuietly();
  }

  #accepted(frame) {
    const entry = this.#parts.outbox.accepted(frame);
    if (entry?.type === "react") this.#parts.own.did(entry);
  }

  #rejected(frame) {
    const reason = explain(frame);
    const entry = this.#parts.outbox.rejected({ ...frame, reason });
    if (entry) this.#parts.deeds.refused({ ...entry, reason });
  }

  #settle(messages, to) {
    const { outbox } = this.#parts;
    for (const { nonce } of messages.filter((message) => this.#isMine(message))) outbox.seen(nonce);
    outbox.reached(to);
  }

  #isMine({ by }) {
    return by === this.#me.id;
  }

  #paintQuietly() {
    this.#parts.announcer.quietly(() => this.#parts.painter.now());
  }

  #presence(frame) {
    this.#parts.roster.follow(frame);
    this.#parts.painter.later();
  }

  #become({ id, name }) {
    this.#me = { id, name };
    this.#parts.name.text = name;
    this.#parts.composer.sign(this.#me);
    this.#parts.painter.later();
  }

  #follow(room) {
    this.#parts.heading.follow(room);
    this.#parts.composer.allow(room);
  }
}
