import { attempt } from "../dom/optional.js";

// Days and times of the reader's own zone.
export class Dates {
  #now;
  #time;
  #day;

  constructor({ now, lang }) {
    this.#now = now;
    this.#time = format(undefined, { hour: "numeric", minute: "2-digit" }, (date) => date.toTimeString().slice(0, 5));
    const day = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
    this.#day = format(lang, day, (date) => date.toDateString());
  }

  // What a day line depends on, besides its message.
  get today() {
    return this.#calendarDay(0);
  }

  time(at) {
    return this.#time(new Date(at));
  }

  day(at) {
    const date = new Date(at);
    if (date.toDateString() === this.today) return "Today";
    if (date.toDateString() === this.#calendarDay(-1)) return "Yesterday";
    return this.#day(date);
  }

  // Counted in the calendar, not in hours: where the clocks change, a day has 23 or 25. Every day has a noon.
  #calendarDay(offset) {
    const now = new Date(this.#now());
    return new Date(now.getFullYear(), now.getMonth(), now.getDate() + offset, 12).toDateString();
  }
}

function format(lang, options, plainly) {
  return attempt(
    () => {
      const words = new Intl.DateTimeFormat(lang, options);
      return (date) => words.format(date);
    },
    () => plainly,
  );
}
