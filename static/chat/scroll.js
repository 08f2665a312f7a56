const CLOSE = 40;
const NEAR_TOP = 600;
const PILL = [() => "Latest messages", () => "1 new message", (count) => `${count} new messages`];

// Where the reader is. The box is a reversed column: its scrollTop is 0 at the end
// and negative above, so the first paint and a growing keyboard stay at the end by themselves.
export class Scroll {
  #box;
  #pill;
  #nearTop;
  #reachedEnd;
  #news = 0;

  // nearTop() asks for what is older, reachedEnd() for the latest
  constructor({ box, pill, nearTop, reachedEnd }) {
    this.#box = box;
    this.#pill = pill;
    this.#nearTop = nearTop;
    this.#reachedEnd = reachedEnd;
    box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    pill.addEventListener("click", () => this.toEnd());
  }

  get atEnd() {
    return this.#box.scrollTop > -CLOSE;
  }

  // Changes the list; at the end it stays there, elsewhere what is read stays where it is.
  hold(change) {
    const anchor = this.atEnd ? null : this.#firstVisible();
    const before = anchor && bottom(anchor);
    change();
    const now = anchor?.isConnected ? anchor : document.getElementById(anchor?.id);
    if (now) this.#box.scrollTop += bottom(now) - before;
    else this.#box.scrollTop = 0;
    this.#look();
  }

  toEnd() {
    this.#box.scrollTop = 0;
    this.#look();
  }

  arrived(count) {
    this.#news += count;
    this.#look();
  }

  #scrolled() {
    this.#look();
    if (this.atEnd) this.#reachedEnd();
  }

  #firstVisible() {
    const { top } = this.#box.getBoundingClientRect();
    return [...this.#box.querySelectorAll("li")].find((item) => bottom(item) > top);
  }

  #look() {
    const { scrollTop, scrollHeight, clientHeight } = this.#box;
    if (this.atEnd) this.#news = 0;
    this.#pill.hidden = !this.#news && scrollTop > -clientHeight;
    const words = PILL[Math.min(this.#news, 2)](this.#news);
    if (this.#pill.textContent !== words) this.#pill.textContent = words;
    if (scrollHeight - clientHeight + scrollTop < NEAR_TOP) this.#nearTop();
  }
}

// Not the top: the first item loses its day line when older ones come above it.
const bottom = (item) => item.getBoundingClientRect().bottom;
