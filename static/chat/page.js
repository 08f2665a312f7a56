import { explain } from "./connection/protocol.js";

const MOST_AT_END = 200;
const MOST_ABOVE = 500;

// What each frame of the server means for the parts of the page.
export class Room {
  #parts;
  #me;
  #news = 0;

  #refused = {
    join: (frame) => this.#parts.joinForm.refuse(explain(frame)),
    post: (frame) => this.#rejected({ ...frame, reason: explain(frame) }),
  };

  handlers = {
    hello: (frame) => this.#hello(frame),
    messages: (frame, afresh) => this.#messages(frame, afresh),
    accepted: (frame) => this.#parts.outbox.accepted(frame),
    rejected: (frame) => this.#refused.post(frame),
    error: (frame) => this.#refused[frame.for]?.(frame),
    presence: (frame) => this.#presence(frame),
    you: (frame) => this.#become(frame),
    room: (frame) => this.#follow(frame),
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

  prepend({ messages, more }) {
    this.#parts.timeline.prepend(messages, more);
    this.#paintQuietly();
  }

  say(text) {
    this.#parts.outbox.add(text);
    this.#parts.scroll.toEnd();
  }

  changeName() {
    this.#parts.joinForm.change(this.#me.name);
  }

  // The connection is gone or going: nothing is on the wire any more.
  connection(state) {
    this.#parts.status.show(state);
    if (state.name === "closed") this.#parts.composer.close(state.reason);
    if (state.name !== "open" && state.name !== "doubtful") this.#parts.outbox.pause();
  }

  // Everything that messages and people change; the painter says when.
  paint() {
    const { announcer, scroll, transcript, pending, timeline, status, outbox, heading, roster } = this.#parts;
    const news = this.#news;
    this.#news = 0;
    announcer.arrived(news);
    if (scroll.atEnd) timeline.trim(MOST_AT_END);
    else timeline.hold(MOST_ABOVE);
    const { messages } = timeline;
    scroll.hold(() => {
      transcript.render(messages, this.#me);
      pending.render(this.#me, messages.at(-1));
    });
    scroll.arrived(news);
    heading.arrived(news);
    status.waits(outbox.unsent);
    roster.render(this.#me, messages);
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
    const { timeline } = this.#parts;
    if (afresh) timeline.start(messages, from);
    const news = timeline.merge(messages);
    this.#news += news.filter((message) => !this.#isMine(message)).length;
    this.#settle(messages, to);
    if (afresh) this.#paintQuietly();
  }

  // A message that was refused for its text goes back to where it was written.
  #rejected(frame) {
    const { outbox, composer } = this.#parts;
    const entry = outbox.rejected(frame);
    if (entry && composer.takeBack(entry)) outbox.discard(entry.nonce);
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
    this.#parts.composer.follow(room);
  }
}
