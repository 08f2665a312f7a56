import { build, dispatch } from "./protocol.js";

// One stay in the room over many sockets: joins, holds the position, notices what is missing.
// At most one `join` is unanswered at a time.
export class Session {
  #parts;
  #on;
  #handlers;
  #epoch;
  #seq;
  #unanswered = null;
  #next = null;
  #wish;
  #welcomed = false;
  #startsAfresh = false;
  #promised = 0;

  // send(frame) and drop(farewell) act on the connection; name() is the remembered one; token() of
  // who has no cookie, mistaken() where the server doesn't know it; on: the handlers of the frames, `messages` with a second argument: true where it begins anew
  constructor({ epoch, seq, on, ...parts }) {
    this.#parts = parts;
    this.#on = on;
    this.#epoch = epoch;
    this.#seq = seq;
    this.#handlers = {
      ...on,
      hello: (frame) => this.#hello(frame),
      messages: (frame) => this.#messages(frame),
      tick: (frame) => this.#tick(frame),
      error: (frame) => this.#error(frame),
    };
  }

  get epoch() {
    return this.#epoch;
  }

  opened() {
    this.#forgetJoins();
    this.#join(this.#first());
  }

  // The join of a socket that may follow on this one, which is in use meanwhile.
  joinBeside() {
    return this.#frame(this.#first());
  }

  // That socket takes over: its `hello` is on its way. Not if the history is another one by now.
  follows({ name, since }) {
    if (since.epoch !== this.#epoch) return false;
    this.#forgetJoins();
    this.#unanswered = { name, resume: true };
    return true;
  }

  // Without a connection the wish goes along with the next first join.
  rename(name) {
    this.#wish = name;
    this.#join({ name });
  }

  ping() {
    this.#parts.send(build.ping(this.#seq));
  }

  receive(frame) {
    dispatch(this.#handlers, frame);
  }

  #join(wish) {
    if (this.#unanswered) {
      this.#next = { ...this.#next, ...wish };
      return;
    }
    if (this.#parts.send(this.#frame(wish))) this.#unanswered = wish;
  }

  #first() {
    return { name: this.#wish ?? this.#parts.name(), resume: true };
  }

  #frame({ name, resume }) {
    const since = resume ? { epoch: this.#epoch, seq: this.#seq } : undefined;
    return build.join({ name, since, token: this.#parts.token() });
  }

  #forgetJoins() {
    this.#unanswered = this.#next = null;
    this.#welcomed = false;
  }

  #resume() {
    if (!this.#unanswered?.resume) this.#join({ resume: true });
  }

  #answered() {
    const next = this.#next;
    this.#unanswered = this.#next = null;
    if (next) this.#join(next);
  }

  #hello(frame) {
    this.#welcomed = true;
    if (this.#unanswered?.name) this.#wish = undefined;
    this.#epoch = frame.epoch;
    this.#promised = 0;
    if (!frame.resumed) this.#forget();
    this.#on.hello(frame);
    this.#answered();
  }

  // Our position is of another history. Until its first messages come, on whichever socket, we have none.
  #forget() {
    this.#startsAfresh = true;
    this.#seq = 0;
  }

  #messages(frame) {
    const afresh = this.#startsAfresh;
    if (!afresh && frame.from > this.#seq + 1) return this.#resume();
    this.#startsAfresh = false;
    this.#seq = afresh ? frame.to : Math.max(this.#seq, frame.to);
    this.#on.messages(frame, afresh);
  }

  // What one tick announces has to be here by the next.
  #tick({ epoch, seq }) {
    if (epoch !== this.#epoch || this.#promised > this.#seq) this.#resume();
    this.#promised = seq;
  }

  // A first join that was not even tried: come back later, nobody needs to do anything. Whoever
  // is told that another name can't be had has it no more on the way: it must not come by surprise.
  #error(frame) {
    if (frame.for !== "join") return this.#on.error(frame);
    const untried = frame.retry_after;
    if (untried && !this.#welcomed) return this.#parts.drop(frame);
    if (frame.code === "bad_field" && this.#parts.token()) return this.#parts.mistaken();
    if (this.#unanswered?.name) this.#wish = undefined;
    this.#on.error(frame);
    if (untried) this.#answered();
  }
}
