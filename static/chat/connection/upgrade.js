import { decode, encode } from "./protocol.js";

const FIRST_DELAY = 30_000;
const LONGEST_DELAY = 240_000;
const WELCOME_WITHIN = 10_000;

// While the page works over HTTP: tries from time to time whether a WebSocket gets through after
// all. One that opens proves nothing yet: we have to join on it and get `hello`. HTTP goes on meanwhile.
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

  // Only one is tried at a time, and each has ten seconds.
  now() {
    if (this.#socket) return;
    this.#failures += 1;
    try {
      this.#try(this.#parts.webSocket());
    } catch {
      this.later(); // some browsers have none, or forbid them
    }
  }

  // A WebSocket has lasted: the delays begin with the shortest again.
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
      if (frame.type === "error" && frame.retry_after) return this.#failed(); // the server is too busy for us
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
