const WITHOUT_FRAMES = 1_000;

// Paints at most once an animation frame, however often it is asked to. A hidden page has no
// frames: once a second then, as far as the browser lets it.
export class Painter {
  #parts;
  #frame = null;
  #timer;

  // window: of the animation frames; clock; paint()
  constructor(parts) {
    this.#parts = parts;
  }

  later() {
    if (this.#frame !== null) return;
    this.#frame = this.#parts.window.requestAnimationFrame(() => this.now());
    this.#timer = this.#parts.clock.setTimeout(() => this.now(), WITHOUT_FRAMES);
  }

  now() {
    this.#parts.window.cancelAnimationFrame(this.#frame);
    this.#parts.clock.clearTimeout(this.#timer);
    this.#frame = null;
    this.#parts.paint();
  }
}
