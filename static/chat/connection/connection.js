import { Heartbeat } from "./heartbeat.js";
import { decode, dispatch, encode } from "./protocol.js";
import { Upgrade } from "./upgrade.js";

const FIRST_DELAY = 500;
const LONGEST_DELAY = 30_000;
const LASTS = 10_000;
// Two sockets that nothing came through are enough to work over HTTP, or three short lives.
const [UNWELCOME, SHORT_LIFE, ENOUGH] = [3, 2, 6];

// Full jitter: after a restart a thousand pages must not come back at the same moment.
export function backoff(failures, random) {
  return random() * Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** failures);
}

// One WebSocket after another. Where none gets through, or none lasts, HTTP takes the place of each.
// It knows time and sockets. Of the frames it knows only the first of a socket (hello) and the last (bye).
export class Connection {
  #parts;
  #on;
  #clock;
  #upgrade;
  #heartbeat;
  #socket = null;
  #overHttp = false;
  #welcomed = false;
  #farewell = null;
  #failures = 0; // until a socket has lasted
  #strikes = 0; // against WebSockets, until one has lasted
  #notBefore = 0;
  #returning;
  #lasting;
  #handlers = {
    hello: () => this.#welcome(),
    bye: (frame) => {
      this.#farewell = frame;
    },
  };

  // webSocket() and httpSocket() make one; expects(): whether an answer has yet to come;
  // on: open() a socket is ready for `join`, frame(f), quiet() it is time to ping,
  // join() the frame for a socket that is to follow on HTTP, follows(join) whether it may,
  // state({name, overHttp, until, reason})
  constructor(parts) {
    const { on, clock, random, expects, webSocket } = parts;
    this.#parts = parts;
    this.#on = on;
    this.#clock = clock;
    this.#upgrade = new Upgrade({
      webSocket,
      clock,
      join: () => on.join(),
      welcomed: (...trial) => this.#goBackTo(...trial),
    });
    this.#heartbeat = new Heartbeat({
      clock,
      random,
      expects,
      ping: () => on.quiet(),
      doubts: (doubtful) => (doubtful ? on.state({ name: "doubtful" }) : this.#isOpen()),
      silent: () => this.drop(),
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
    if (this.#welcomed) this.#heartbeat.sent();
    return true;
  }

  // What is never answered: nothing is expected after it.
  hint(frame) {
    if (this.#welcomed) this.#socket.send(encode(frame));
  }

  // The network or the screen came back. A socket may be dead without a sign: ask. Where there is
  // none, try at once, unless the server has said when.
  check() {
    if (!this.#socket && this.#clock.now() >= this.#notBefore) this.open();
    if (!this.#welcomed) return;
    this.#heartbeat.probe();
    if (this.#overHttp) this.#upgrade.now();
  }

  // The page is put away, perhaps to be shown again as it is: with a socket browsers keep none.
  // Until the next `hello`, which `check` leads to, nothing on it is taken for current.
  rest() {
    if (!this.#socket) return;
    this.#letGo();
    this.#on.state({ name: "connecting" });
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
    this.#returning = this.#clock.setTimeout(() => this.open(), delay);
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
    this.#heartbeat.wait();
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
    if (this.#welcomed) this.#heartbeat.heard();
    dispatch(this.#handlers, frame);
    this.#on.frame(frame);
  }

  #welcome() {
    if (this.#welcomed) return;
    this.#welcomed = true;
    this.#lasting = this.#clock.setTimeout(() => this.#lasts(), LASTS);
    this.#heartbeat.welcomed();
    if (this.#overHttp) this.#upgrade.later();
    this.#isOpen();
  }

  #isOpen() {
    this.#on.state({ name: "open", overHttp: this.#overHttp });
  }

  #lasts() {
    this.#lasting = null;
    this.#failures = 0;
    if (this.#overHttp) return;
    this.#strikes = 0;
    this.#upgrade.succeeded();
  }

  #letGo() {
    for (const timer of [this.#returning, this.#lasting]) this.#clock.clearTimeout(timer);
    this.#heartbeat.stop();
    this.#upgrade.stop();
    this.#welcomed = this.#overHttp = false;
    this.#farewell = null;
    if (!this.#socket) return;
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    this.#socket = null;
  }
}
