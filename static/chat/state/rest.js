const LEAST = 1; // seconds

// The time that a server has asked for, before it is asked again.
export class Rest {
  #parts;
  #ending = null;
  #ticking = null;
  #until = 0;

  // clock; random(); over(); second(): the page shows each of them
  constructor(parts) {
    this.#parts = parts;
  }

  get isOn() {
    return this.#ending !== null;
  }

  // How many are left, at least one.
  get seconds() {
    return Math.max(1, Math.ceil((this.#until - this.#parts.clock.now()) / 1000));
  }

  // Those that a busy server turned away together must not come back together.
  begin({ code, retry_after: asked = LEAST }) {
    const { clock, random, over } = this.#parts;
    const wait = asked * 1000 * (code === "busy" ? 1 + random() : 1);
    clock.clearTimeout(this.#ending);
    this.#until = clock.now() + wait;
    this.#ending = clock.setTimeout(() => {
      this.#ending = null;
      over();
    }, wait);
    this.#tick();
  }

  #tick() {
    const { clock, second } = this.#parts;
    clock.clearTimeout(this.#ticking);
    if (!this.isOn) return;
    second();
    this.#ticking = clock.setTimeout(() => this.#tick(), 1000);
  }
}
