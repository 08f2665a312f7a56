import { decode, dispatch, encode } from "./protocol.js";
import { Upgrade } from "./upgrade.js";

const FIRST_DELAY = 500;
const LONGEST_DELAY = 30_000;
const WELCOME_WITHIN = 10_000;
const HEARD_WITHIN = 45_000;
const ANSWER_WITHIN = 5_000;
const PING_EVERY = 20_000;
const PING_SPREAD = 5_000;
const MOST_UNWELCOME = 2;

// Full jitter: after a restart a thousand pages must not come back in step.
export function backoff(failures, random) {
  return random() * Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** failures);
}

// One WebSocket after another; where none gets through, HTTP in the place of each. It knows time
// and sockets, and of the frames only the first (hello) and the last (bye) of a socket.
export class Connection {
  #parts;
  #on;
  #clock;
  #upgrade;
  #socket = null;
  #overHttp = false;
  #unwelcome = 0;
  #welcomed = false;
  #farewell = null;
  #failures = 0;
  #deadline;
  #pinging;
  #handlers = {
    hello: () => this.#welcome(),
    bye: (frame) => (this.#farewell = frame),
  };

  // webSocket() and httpSocket() make one; on: open() a socket is ready for `join`, frame(f),
  // quiet() it is time to ping, state({name, overHttp, until, reason})
  constructor(parts) {
    this.#parts = parts;
    this.#on = parts.on;
    this.#clock = parts.clock;
    this.#upgrade = new Upgrade({
      webSocket: parts.webSocket,
      clock: parts.clock,
      opened: (socket) => this.#goBackTo(socket),
    });
  }

  open() {
    this.#letGo();
    this.#farewell = null;
    this.#on.state({ name: "connecting" });
    this.#unwelcome += 1;
    this.#use(this.#parts.webSocket());
  }

  send(frame) {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(encode(frame));
    return true;
  }

  // The network or the screen came back: is the socket still alive? None: try at once.
  check() {
    if (!this.#socket) return this.open();
    if (!this.#welcomed) return;
    this.#on.quiet();
    this.#dropUnless(ANSWER_WITHIN);
    if (this.#overHttp) this.#upgrade.now();
  }

  // Does not wait for the close handshake: on a dead network it never ends.
  drop(farewell = this.#farewell) {
    const blocked = !this.#overHttp && this.#unwelcome >= MOST_UNWELCOME;
    this.#letGo();
    if (blocked) return this.#useHttp();
    const reason = farewell?.message;
    const banned = farewell?.code === "banned";
    if (banned) this.#on.state({ name: "closed", reason });
    if (banned && !farewell.retry_after) return;
    const delay = (farewell?.retry_after ?? 0) * 1000 + backoff(this.#failures++, this.#parts.random);
    this.#deadline = this.#clock.setTimeout(() => this.open(), delay);
    if (!banned) this.#on.state({ name: "waiting", until: this.#clock.now() + delay, reason });
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

  #goBackTo(socket) {
    this.#letGo();
    this.#on.state({ name: "connecting" });
    this.#use(socket);
    this.#on.open();
  }

  #receive(frame) {
    if (this.#welcomed) this.#dropUnless(HEARD_WITHIN);
    dispatch(this.#handlers, frame);
    this.#on.frame(frame);
  }

  #welcome() {
    this.#dropUnless(HEARD_WITHIN);
    if (this.#welcomed) return;
    this.#welcomed = true;
    this.#failures = 0;
    this.#pingLater();
    if (this.#overHttp) this.#upgrade.later();
    else this.#unwelcome = 0;
    this.#on.state({ name: "open", overHttp: this.#overHttp });
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

  #letGo() {
    this.#clock.clearTimeout(this.#deadline);
    this.#clock.clearTimeout(this.#pinging);
    this.#upgrade.stop();
    this.#welcomed = this.#overHttp = false;
    if (!this.#socket) return;
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    this.#socket = null;
  }
}
