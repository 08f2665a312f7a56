// Tells when another day begins where the reader is: "Today" becomes "Yesterday".
// Whoever wakes paints anyway: a timer sleeps with its machine.
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
