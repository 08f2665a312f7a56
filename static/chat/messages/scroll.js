import { say } from "../dom/words.js";

const CLOSE = 40;
const NEAR_TOP = 600;
const PLACES = 8;
const PILL = [() => "Latest messages", () => "1 new message", (count) => `${count} new messages`];

// Where the reader is. The box is a reversed column: its scrollTop is 0 at the end
// and negative above, so the first paint and a growing keyboard stay at the end by themselves.
// Elsewhere the first text that one sees stays where it is in the box, whatever changes around it.
export class Scroll {
  #box;
  #pill;
  #nearTop;
  #reachedEnd;
  #news = 0;
  #places = [];
  #shape;
  #put;

  // nearTop() asks for what is older, reachedEnd() for the latest
  constructor({ box, pill, nearTop, reachedEnd }) {
    this.#box = box;
    this.#pill = pill;
    this.#nearTop = nearTop;
    this.#reachedEnd = reachedEnd;
    this.#remember();
    box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    pill.addEventListener("click", () => this.toEnd());
    this.#followShape();
  }

  get atEnd() {
    return this.#box.scrollTop > -CLOSE;
  }

  // Changes the list; at the end it stays there, elsewhere what is read stays where it is.
  hold(change) {
    this.#settle();
    change();
    this.#restore();
    this.#look();
  }

  toEnd() {
    this.#box.scrollTop = 0;
    this.#remember();
    this.#look();
  }

  // Into the middle of what one sees.
  show(item) {
    item.scrollIntoView({ block: "center" });
    this.#remember();
    this.#look();
  }

  arrived(count) {
    this.#news += count;
    this.#look();
  }

  #scrolled() {
    this.#settle();
    this.#look();
    if (this.atEnd) this.#reachedEnd();
  }

  // A turned phone, a larger font, a notice, a composer that grows: the box or its lines change.
  #followShape() {
    if (!globalThis.ResizeObserver) return;
    const observer = new ResizeObserver(() => {
      this.#settle();
      this.#look();
    });
    observer.observe(this.#box);
    observer.observe(this.#box.firstElementChild);
  }

  #settle() {
    if (this.#hasScrolled()) this.#remember();
    else if (this.#shape !== this.#measure()) this.#restore();
  }

  // Whether the reader did. The browser does only where the list became too short for the old position.
  #hasScrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#box;
    const isCut = this.#shape !== this.#measure() && scrollTop <= clientHeight - scrollHeight + 1;
    return Math.abs(scrollTop - this.#put) > 1 && !isCut;
  }

  #remember() {
    this.#places = this.atEnd ? [] : this.#visible();
    this.#note();
  }

  // What was first may be gone: then the next. The places themselves stay as the reader chose them,
  // so that a phone that is turned back shows what it showed before.
  #restore() {
    const [place, item] = this.#found();
    if (item) this.#box.scrollTop += this.#top(item) - (place.top - place.above * textOf(item).height);
    else this.#box.scrollTop = 0;
    this.#note();
  }

  #found() {
    for (const place of this.#places) {
      const item = place.item.isConnected ? place.item : document.getElementById(place.item.id);
      if (item) return [place, item];
    }
    return [];
  }

  #note() {
    this.#put = this.#box.scrollTop;
    this.#shape = this.#measure();
  }

  #measure() {
    const { clientWidth, clientHeight, scrollHeight } = this.#box;
    return `${clientWidth} ${clientHeight} ${scrollHeight}`;
  }

  // From the first text that one sees: how far below the box's top it begins, or how much of it is above.
  #visible() {
    const edge = this.#edge();
    const items = [...this.#box.querySelectorAll(".message")];
    const first = items.findIndex((item) => textOf(item).bottom > edge);
    if (first < 0) return [];
    return items.slice(first, first + PLACES).map((item) => {
      const { top, height } = textOf(item);
      return { item, top: Math.max(top - edge, 0), above: Math.max(edge - top, 0) / (height || 1) };
    });
  }

  #top(item) {
    return textOf(item).top - this.#edge();
  }

  #edge() {
    return this.#box.getBoundingClientRect().top;
  }

  #look() {
    const { scrollTop, scrollHeight, clientHeight } = this.#box;
    if (this.atEnd) this.#news = 0;
    this.#pill.hidden = !this.#news && scrollTop > -clientHeight;
    say(this.#pill, PILL[Math.min(this.#news, 2)](this.#news));
    if (scrollHeight - clientHeight + scrollTop < NEAR_TOP) this.#nearTop();
  }
}

// Not the whole item: the first one loses its day line when older ones come above it.
const textOf = (item) => (item.querySelector(".text") ?? item).getBoundingClientRect();
