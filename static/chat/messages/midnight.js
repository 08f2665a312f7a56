// Tells when another day begins where the reader is: "Today" becomes "Yesterday".
// The timer stands still while the machine sleeps, but a page that wakes paints anyway.
export class Midnight {
  #clock;
  #turned;

  constructor({ clock, turned }) {
    this.#clock = clock;
    this.#turned = turned;
    this.#wait();
  }

  #wait() {
    const now = this.#clock.now();
    const today = new Date(now);
    const next = new Date(today.getFullYear(), today.getMonth(), today.getDate() + 1);
    this.#clock.setTimeout(
      () => {
        this.#turned();
        this.#wait();
      },
      Math.max(next - now, 1000),
    );
  }
}
