import { explain } from "./protocol.js";

const MOST_SHOWN = 500;

// What each frame of the server means for the parts of the page.
export class Room {
  #parts;
  #me;

  #refused = {
    join: (frame) => this.#parts.joinForm.refuse(explain(frame)),
    post: (frame) => this.#parts.outbox.rejected({ ...frame, reason: explain(frame) }),
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
    const { transcript, timeline, composer, joinForm, name } = this.#parts;
    timeline.start(messages, from);
    composer.sign(this.#me);
    joinForm.answered(name.text ? this.#me : null, "");
    this.#follow(room);
    transcript.quietly(() => this.#settle(messages, to));
  }

  prepend({ messages, more }) {
    const { transcript, timeline } = this.#parts;
    timeline.prepend(messages, more);
    transcript.quietly(() => this.render());
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
    if (state.name !== "open") this.#parts.outbox.pause();
  }

  render() {
    const { scroll, transcript, pending, timeline, status, outbox } = this.#parts;
    scroll.hold(() => {
      const { messages } = timeline;
      transcript.render(messages, this.#me.id);
      pending.render(this.#me, messages.at(-1));
    });
    status.waits(outbox.unsent);
  }

  // Over HTTP neither the room nor who is here is told.
  #hello({ you, room, online }) {
    const { roster, joinForm, outbox, name } = this.#parts;
    roster.start(online);
    if (room) this.#follow(room);
    joinForm.answered(you, name.text ?? "");
    if (you) this.#become(you);
    this.#showPeople();
    if (you) outbox.resume();
    else outbox.pause();
  }

  #messages({ messages, from, to }, afresh) {
    const { timeline, transcript, scroll } = this.#parts;
    if (afresh) timeline.start(messages, from);
    const news = timeline.merge(messages);
    if (scroll.atEnd) timeline.trim(MOST_SHOWN);
    if (afresh) return transcript.quietly(() => this.#settle(messages, to));
    this.#settle(messages, to);
    this.#announce(news.filter((message) => !this.#isMine(message)).length);
  }

  #settle(messages, to) {
    const { outbox } = this.#parts;
    for (const { nonce } of messages.filter((message) => this.#isMine(message))) outbox.seen(nonce);
    outbox.reached(to);
  }

  #isMine({ by }) {
    return by === this.#me.id;
  }

  #announce(count) {
    this.#parts.scroll.arrived(count);
    this.#parts.heading.arrived(count);
    this.#showPeople();
  }

  #presence(frame) {
    this.#parts.roster.follow(frame);
    this.#showPeople();
  }

  #become({ id, name }) {
    this.#me = { id, name };
    this.#parts.name.text = name;
    this.#parts.composer.sign(this.#me);
    this.render();
  }

  #follow(room) {
    this.#parts.heading.follow(room);
    this.#parts.composer.follow(room);
  }

  #showPeople() {
    this.#parts.roster.render(this.#me, this.#parts.timeline.messages);
  }
}
