import { decode, dispatch, encode } from "./protocol.js";
import { Upgrade } from "./upgrade.js";

const FIRST_DELAY = 500;
const LONGEST_DELAY = 30_000;
const WELCOME_WITHIN = 10_000;
const HEARD_WITHIN = 45_000;
const ANSWER_WITHIN = 5_000;
const LASTS = 10_000;
const PING_EVERY = 20_000;
const PING_SPREAD = 5_000;
// Two sockets that nothing came through are enough to work over HTTP, or three short lives.
const [UNWELCOME, SHORT_LIFE, ENOUGH] = [3, 2, 6];

// Full jitter: after a restart a thousand pages must not come back in step.
export function backoff(failures, random) {
  return random() * Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** failures);
}

// One WebSocket after another; where none gets through, or lasts, HTTP in the place of each. It
// knows time and sockets, and of the frames only the first (hello) and the last (bye) of a socket.
export class Connection {
  #parts;
  #on;
  #clock;
  #upgrade;
  #socket = null;
  #overHttp = false;
  #welcomed = false;
  #farewell = null;
  #failures = 0; // until a socket has lasted
  #strikes = 0; // against WebSockets, until one has lasted
  #notBefore = 0;
  #doubtful = false;
  #deadline;
  #lasting;
  #pinging;
  #probe = null;
  #handlers = {
    hello: () => this.#welcome(),
    bye: (frame) => (this.#farewell = frame),
  };

  // webSocket() and httpSocket() make one; expects(): whether an answer has yet to come;
  // on: open() a socket is ready for `join`, frame(f), quiet() it is time to ping,
  // join() the frame for a socket that is to follow on HTTP, follows(join) whether it may,
  // state({name, overHttp, until, reason})
  constructor(parts) {
    this.#parts = parts;
    this.#on = parts.on;
    this.#clock = parts.clock;
    this.#upgrade = new Upgrade({
      webSocket: parts.webSocket,
      clock: parts.clock,
      join: () => this.#on.join(),
      welcomed: (...trial) => this.#goBackTo(...trial),
    });
  }

  open() {
    this.#letGo();
    this.#on.state({ name: "connecting" });
    try {
      this.#use(this.#parts.webSocket());
    } catch {
      this.drop(); // some browsers have none, or forbid them
    }
  }

  send(frame) {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(encode(frame));
    if (this.#welcomed && this.#probe === null) this.#listen();
    return true;
  }

  // The network or the screen came back: is the socket still alive? None: try at once, unless the
  // server has said when.
  check() {
    if (!this.#socket && this.#clock.now() >= this.#notBefore) this.open();
    if (!this.#welcomed) return;
    this.#doubt();
    if (this.#overHttp) this.#upgrade.now();
  }

  // Does not wait for the close handshake: on a dead network it never ends.
  drop(farewell = this.#farewell) {
    if (!farewell && !this.#overHttp) this.#strikes += this.#strike();
    const blocked = !farewell && !this.#overHttp && this.#strikes >= ENOUGH;
    this.#letGo();
    if (blocked) return this.#useHttp();
    this.#comeBack(farewell ?? {});
  }

  #comeBack({ code, message: reason, retry_after: asked = 0 }) {
    const banned = code === "banned";
    if (banned) this.#on.state({ name: "closed", reason });
    this.#notBefore = banned && !asked ? Infinity : this.#clock.now() + asked * 1000;
    if (this.#notBefore === Infinity) return;
    const delay = asked * 1000 + backoff(this.#failures++, this.#parts.random);
    this.#deadline = this.#clock.setTimeout(() => this.open(), delay);
    if (!banned) this.#on.state({ name: "waiting", until: this.#clock.now() + delay, reason });
  }

  // How much this socket's end says against WebSockets: nothing, once one has lasted.
  #strike() {
    if (!this.#welcomed) return UNWELCOME;
    return this.#lasting === null ? 0 : SHORT_LIFE;
  }

  #use(socket) {
    socket.onopen = () => this.#on.open();
    socket.onmessage = ({ data }) => this.#receive(decode(data));
    socket.onclose = () => this.drop();
    this.#socket = socket;
    this.#dropUnless(WELCOME_WITHIN);
  }

  #useHttp() {
    this.#use(this.#parts.httpSocket());
    this.#overHttp = true;
  }

  // The socket has joined beside HTTP; `frames` are what it has said so far, its `hello` the last.
  #goBackTo(socket, join, frames) {
    this.#letGo();
    this.#on.state({ name: "connecting" });
    this.#use(socket);
    if (!this.#on.follows(join)) return this.open();
    for (const frame of frames) if (this.#socket === socket) this.#receive(frame);
  }

  #receive(frame) {
    if (this.#welcomed) this.#heard();
    dispatch(this.#handlers, frame);
    this.#on.frame(frame);
  }

  #heard() {
    this.#dropUnless(HEARD_WITHIN);
    this.#stopProbe();
    if (this.#doubtful) this.#on.state({ name: "open", overHttp: this.#overHttp });
    this.#doubtful = false;
    if (this.#parts.expects()) this.#listen();
  }

  // What was said has no answer, and nothing else comes: is anybody there?
  #listen() {
    this.#probe = this.#clock.setTimeout(() => {
      this.#doubtful = true;
      this.#on.state({ name: "doubtful" });
      this.#doubt();
    }, ANSWER_WITHIN);
  }

  // The answer's time begins now: the ping must not begin another.
  #doubt() {
    this.#probe ??= 0;
    this.#on.quiet();
    this.#dropUnless(ANSWER_WITHIN);
  }

  #welcome() {
    this.#dropUnless(HEARD_WITHIN);
    if (this.#welcomed) return;
    this.#welcomed = true;
    this.#lasting = this.#clock.setTimeout(() => this.#lasts(), LASTS);
    this.#pingLater();
    if (this.#overHttp) this.#upgrade.later();
    this.#on.state({ name: "open", overHttp: this.#overHttp });
  }

  #lasts() {
    this.#lasting = null;
    this.#failures = 0;
    if (this.#overHttp) return;
    this.#strikes = 0;
    this.#upgrade.succeeded();
  }

  #pingLater() {
    const ping = () => {
      this.#on.quiet();
      this.#pingLater();
    };
    this.#pinging = this.#clock.setTimeout(ping, PING_EVERY + this.#parts.random() * PING_SPREAD);
  }

  #dropUnless(heardWithin) {
    this.#clock.clearTimeout(this.#deadline);
    this.#deadline = this.#clock.setTimeout(() => this.drop(), heardWithin);
  }

  #stopProbe() {
    this.#clock.clearTimeout(this.#probe);
    this.#probe = null;
  }

  #letGo() {
    for (const timer of [this.#deadline, this.#pinging, this.#lasting]) this.#clock.clearTimeout(timer);
    this.#stopProbe();
    this.#upgrade.stop();
    this.#welcomed = this.#overHttp = this.#doubtful = false;
    this.#farewell = null;
    if (!this.#socket) return;
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    this.#socket = null;
  }
}
