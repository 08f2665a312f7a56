const TRY_EVERY = 30_000;

// While the page works over HTTP: tries, again and again, whether a WebSocket opens after all.
export class Upgrade {
  #parts;
  #socket;
  #timer;

  // webSocket() makes one; opened(socket) takes it over
  constructor(parts) {
    this.#parts = parts;
  }

  later() {
    this.#timer = this.#parts.clock.setTimeout(() => this.now(), TRY_EVERY);
  }

  now() {
    this.stop();
    const socket = this.#parts.webSocket();
    socket.onopen = () => {
      this.#socket = null;
      this.#parts.opened(socket);
    };
    this.#socket = socket;
    this.later();
  }

  stop() {
    this.#parts.clock.clearTimeout(this.#timer);
    if (!this.#socket) return;
    this.#socket.onopen = null;
    this.#socket.close();
    this.#socket = null;
  }
}
