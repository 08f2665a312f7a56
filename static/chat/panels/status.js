import { say } from "../dom/words.js";

const WORDS = {
  connecting: () => "Connecting…",
  open: ({ overHttp }) => (overHttp ? "Connected without WebSockets: messages may take a moment longer" : "Connected"),
  doubtful: () => "No answer. Checking the connection…",
  waiting: ({ reason }, unsent) => `Offline${waiting(unsent)}.${reason ? ` ${reason}` : ""}`,
  closed: ({ reason }) => reason,
};

// The connection in words. What changes by itself, the seconds and each new attempt, is
// told outside of the live region.
export class Status {
  #part;
  #root;
  #clock;
  #state = { name: "connecting" };
  #unsent = 0;
  #ticking;

  constructor({ root, clock, retry }) {
    this.#root = root;
    this.#clock = clock;
    this.#part = (selector) => root.querySelector(selector);
    this.#part("button").addEventListener("click", retry);
  }

  show(state) {
    const retries = state.name === "connecting" && this.#state.name === "waiting";
    this.#state = retries ? { ...this.#state, until: 0 } : state;
    this.#render();
    this.#countDown();
  }

  // Told while offline; when there is a connection the messages say it themselves.
  waits(unsent) {
    this.#unsent = unsent;
    this.#render();
  }

  #render() {
    const { name, overHttp = false } = this.#state;
    const offline = name === "waiting" || name === "closed";
    say(this.#part(".words"), WORDS[name](this.#state, this.#unsent));
    this.#part("button").hidden = !offline;
    this.#root.classList.toggle("off", offline);
    this.#root.classList.toggle("slow", overHttp);
  }

  #countDown() {
    const { name, until } = this.#state;
    this.#clock.clearTimeout(this.#ticking);
    const left = Math.ceil((until - this.#clock.now()) / 1000);
    const next = left > 0 ? `Reconnecting in ${left} s` : "Reconnecting…";
    say(this.#part(".next"), name === "waiting" ? next : "");
    if (left > 0) this.#ticking = this.#clock.setTimeout(() => this.#countDown(), 1000);
  }
}

const waiting = (unsent) => (unsent ? `, ${unsent} ${unsent === 1 ? "message" : "messages"} waiting` : "");
