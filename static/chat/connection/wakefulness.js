const BEAT = 5_000;
const LATE = 10_000;

// Notices when the page may have missed something: the machine slept, the tab was frozen,
// hidden or in the back/forward cache, the network came or went.
export class Wakefulness {
  #clock;
  #woke;

  constructor({ window, document, clock, woke }) {
    this.#clock = clock;
    this.#woke = woke;
    for (const type of ["online", "offline"]) window.addEventListener(type, woke);
    window.addEventListener("pageshow", ({ persisted }) => persisted && woke());
    document.addEventListener("resume", woke);
    document.addEventListener("visibilitychange", () => document.hidden || woke());
    this.#beat();
  }

  // Timers stand still while the machine sleeps, the clock does not.
  #beat() {
    const due = this.#clock.now() + BEAT;
    this.#clock.setTimeout(() => {
      if (this.#clock.now() - due > LATE) this.#woke();
      this.#beat();
    }, BEAT);
  }
}
