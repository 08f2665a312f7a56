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

  // send(frame) and drop(farewell) act on the connection; name() is the remembered one;
  // token() of who has no cookie, mistaken() where the server doesn't know it; on: the handlers
  // of the frames, `messages` with a second argument: true where the timeline begins anew
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

  // That socket takes over, and its `hello` comes next. Not if the page has another epoch by now.
  follows({ name, since }) {
    if (since.epoch !== this.#epoch) return false;
    this.#forgetJoins();
    this.#unanswered = { name, resume: true };
    return true;
  }

  // Without a connection the new name goes out with the first join of the next socket.
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

  // Our position belongs to another epoch. We have none until the first messages come, on whichever socket.
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

  // What one tick announces has to be here when the next one comes.
  #tick({ epoch, seq }) {
    if (epoch !== this.#epoch || this.#promised > this.#seq) this.#resume();
    this.#promised = seq;
  }

  // Where the server was too busy for the first join, we come back later and tell nobody. A new
  // name that was refused is forgotten: a later join must not take it by surprise.
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
