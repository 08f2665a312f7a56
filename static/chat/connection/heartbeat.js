const WELCOME_WITHIN = 10_000;
const HEARD_WITHIN = 45_000;
const ANSWER_WITHIN = 5_000;
const PING_EVERY = 20_000;
const PING_SPREAD = 5_000;

// Whether somebody is at the other end of a socket. It pings from time to time, and at once when
// an answer is late; it tells when nothing was heard in time.
export class Heartbeat {
  #parts;
  #deadline;
  #pinging;
  #probe = null;
  #doubtful = false;

  // clock; random(); ping(); expects(): whether an answer has yet to come;
  // doubts(true) an answer is late, doubts(false) it has come; silent() nothing was heard in time
  constructor(parts) {
    this.#parts = parts;
  }

  // For the server's welcome.
  wait() {
    this.#heardWithin(WELCOME_WITHIN);
  }

  welcomed() {
    this.#heardWithin(HEARD_WITHIN);
    this.#pingLater();
  }

  heard() {
    this.#heardWithin(HEARD_WITHIN);
    this.#stopProbe();
    if (this.#doubtful) this.#parts.doubts(false);
    this.#doubtful = false;
    if (this.#parts.expects()) this.#listen();
  }

  sent() {
    if (this.#probe === null) this.#listen();
  }

  // Is anybody there? The time for the answer begins now: the ping must not begin another one.
  probe() {
    this.#probe ??= 0;
    this.#parts.ping();
    this.#heardWithin(ANSWER_WITHIN);
  }

  stop() {
    for (const timer of [this.#deadline, this.#pinging]) this.#parts.clock.clearTimeout(timer);
    this.#stopProbe();
    this.#doubtful = false;
  }

  // What was sent has no answer yet. If nothing comes at all, the connection is in doubt.
  #listen() {
    this.#probe = this.#parts.clock.setTimeout(() => {
      this.#doubtful = true;
      this.#parts.doubts(true);
      this.probe();
    }, ANSWER_WITHIN);
  }

  #stopProbe() {
    this.#parts.clock.clearTimeout(this.#probe);
    this.#probe = null;
  }

  #pingLater() {
    const ping = () => {
      this.#parts.ping();
      this.#pingLater();
    };
    this.#pinging = this.#parts.clock.setTimeout(ping, PING_EVERY + this.#parts.random() * PING_SPREAD);
  }

  #heardWithin(time) {
    this.#parts.clock.clearTimeout(this.#deadline);
    this.#deadline = this.#parts.clock.setTimeout(() => this.#parts.silent(), time);
  }
}
