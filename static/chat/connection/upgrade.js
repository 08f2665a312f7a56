import { decode, encode } from "./protocol.js";

const FIRST_DELAY = 30_000;
const LONGEST_DELAY = 240_000;
const WELCOME_WITHIN = 10_000;

// While the page works over HTTP: tries, again and again, whether a WebSocket gets through after
// all. One that opens proves nothing: it has to join and to say `hello`. HTTP goes on meanwhile.
export class Upgrade {
  #parts;
  #socket = null;
  #timer;
  #failures = 0;

  // webSocket() makes one; join() is the frame to begin with; welcomed(socket, join, frames) takes
  // the socket over, with what it has said up to its `hello`
  constructor(parts) {
    this.#parts = parts;
  }

  later() {
    this.#wait(Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#failures), () => this.now());
  }

  // One that is being tried has its time.
  now() {
    if (this.#socket) return;
    this.#failures += 1;
    try {
      this.#try(this.#parts.webSocket());
    } catch {
      this.later(); // some browsers have none, or forbid them
    }
  }

  // A socket has lasted: the next time is the first.
  succeeded() {
    this.#failures = 0;
  }

  stop() {
    this.#parts.clock.clearTimeout(this.#timer);
    if (!this.#socket) return;
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    this.#socket = null;
  }

  #try(socket) {
    const frames = [];
    let join;
    this.#socket = socket;
    socket.onopen = () => {
      join = this.#parts.join();
      socket.send(encode(join));
    };
    socket.onmessage = ({ data }) => {
      const frame = decode(data);
      frames.push(frame);
      if (frame.type === "error" && frame.retry_after) return this.#failed(); // nobody is there yet
      if (frame.type !== "hello") return;
      this.#socket = null;
      this.#parts.welcomed(socket, join, frames);
    };
    socket.onclose = () => this.#failed();
    this.#wait(WELCOME_WITHIN, () => this.#failed());
  }

  #failed() {
    this.stop();
    this.later();
  }

  #wait(delay, action) {
    this.#parts.clock.clearTimeout(this.#timer);
    this.#timer = this.#parts.clock.setTimeout(action, delay);
  }
}
