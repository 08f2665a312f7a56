const DAY = 24 * 60 * 60_000;

// Days and times of the reader's own zone.
export class Dates {
  #now;
  #time = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
  #day;

  constructor({ now, lang }) {
    this.#now = now;
    this.#day = new Intl.DateTimeFormat(lang, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
  }

  time(at) {
    return this.#time.format(new Date(at));
  }

  day(at) {
    const day = this.#day.format(new Date(at));
    if (day === this.#day.format(this.#now())) return "Today";
    if (day === this.#day.format(this.#now() - DAY)) return "Yesterday";
    return day;
  }
}
