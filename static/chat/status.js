const WORDS = {
  connecting: () => "Connecting…",
  open: () => "Connected",
  waiting: ({ reason }) => (reason ? `Offline. ${reason} Reconnecting` : "Offline, reconnecting"),
  closed: ({ reason }) => reason,
};

// The connection in words. The seconds tick outside of the live region.
export class Status {
  #part;
  #root;
  #clock;
  #ticking;

  constructor({ root, clock, retry }) {
    this.#root = root;
    this.#clock = clock;
    this.#part = (selector) => root.querySelector(selector);
    this.#part("button").addEventListener("click", retry);
  }

  show(state) {
    const offline = state.name === "waiting" || state.name === "closed";
    this.#part(".words").textContent = WORDS[state.name](state);
    this.#part("button").hidden = !offline;
    this.#root.classList.toggle("off", offline);
    this.#countDown(state.until);
  }

  // Shown while offline; when there is a connection the messages say it themselves.
  waits(unsent) {
    this.#part(".unsent").textContent = unsent ? `(${unsent} waiting)` : "";
  }

  #countDown(until) {
    this.#clock.clearTimeout(this.#ticking);
    const left = Math.ceil((until - this.#clock.now()) / 1000);
    this.#part(".seconds").textContent = left > 0 ? `in ${left} s` : "";
    if (left > 0) this.#ticking = this.#clock.setTimeout(() => this.#countDown(until), 1000);
  }
}
