import { step } from "../dom/focus.js";
import { make } from "../dom/make.js";

const GROUPS = {
  0: "Smileys",
  1: "People",
  3: "Nature",
  4: "Food",
  5: "Travel",
  6: "Activities",
  7: "Objects",
  8: "Symbols",
  9: "Flags",
};
const TONES = ["None", "Light", "Medium light", "Medium", "Medium dark", "Dark"];
const MOST_RECENT = 24;

// All emoji in a dialog: search, those used last, the tone of skin. It is loaded when it is first wanted.
export class Picker {
  #parts;
  #dialog;
  #search;
  #tone;
  #grid;
  #rows = [];
  #picked = null;

  // rows(): resolves to the rows of vendor/emoji.json; emoji: search(rows, words) and toned(row, tone);
  // recent, tone: Memory of each
  constructor(parts) {
    this.#parts = parts;
    this.#search = make("input", { type: "search", placeholder: "Search emoji", ariaLabel: "Search emoji" });
    this.#tone = make("select", { ariaLabel: "Skin tone" });
    this.#tone.append(...TONES.map((name, value) => make("option", { value: String(value) }, name)));
    this.#tone.value = parts.tone.text ?? "0";
    this.#grid = make("div", { className: "grid" });
    this.#dialog = make("dialog", { className: "picker", ariaLabel: "Emoji" });
    this.#dialog.append(make("div", { className: "tools" }, this.#search, this.#tone), this.#grid);
    document.body.append(this.#dialog);
    this.#listen();
  }

  // Resolves to the emoji that is picked; null where it is closed without one.
  async pick() {
    this.#picked = null;
    this.#search.value = "";
    this.#dialog.showModal();
    const closed = new Promise((resolve) => this.#dialog.addEventListener("close", resolve, { once: true }));
    this.#say("Loading…");
    try {
      this.#rows = await this.#parts.rows();
      this.#show();
    } catch {
      this.#say("The emoji could not be loaded. Close this and try again.");
    }
    await closed;
    return this.#picked;
  }

  #listen() {
    this.#search.addEventListener("input", () => this.#show());
    this.#tone.addEventListener("change", () => {
      this.#parts.tone.text = this.#tone.value;
      this.#show();
    });
    this.#grid.addEventListener("click", ({ target }) => this.#choose(target.closest("button")));
    this.#dialog.addEventListener("keydown", (event) => this.#key(event));
    this.#dialog.addEventListener("click", ({ target }) => target === this.#dialog && this.#dialog.close());
  }

  #show() {
    const words = this.#search.value.trim();
    const sections = words ? [["Found", this.#parts.emoji.search(this.#rows, words)]] : this.#sections();
    if (words && !sections[0][1].length) return this.#say("Nothing found.");
    const filled = sections.filter(([, rows]) => rows.length);
    this.#grid.replaceChildren(...filled.map(([name, rows]) => this.#section(name, rows)));
    this.#grid.scrollTop = 0;
  }

  #sections() {
    const recent = this.#recent().map((emoji) => [emoji, emoji, "", null, 0]);
    const groups = Object.entries(GROUPS).map(([group, name]) => [
      name,
      this.#rows.filter((row) => row[3] === Number(group)),
    ]);
    return [["Recent", recent], ...groups];
  }

  #section(name, rows) {
    const cells = rows.map((row) => {
      const emoji = this.#parts.emoji.toned(row, Number(this.#tone.value));
      const label = row[1].split(" ")[0].replaceAll("_", " ");
      return make("button", { type: "button", value: emoji, title: label, ariaLabel: label, tabIndex: -1 }, emoji);
    });
    cells[0].tabIndex = 0;
    return make("section", { ariaLabel: name }, make("h2", {}, name), make("div", { className: "cells" }, ...cells));
  }

  #say(words) {
    this.#grid.replaceChildren(make("p", { role: "status" }, words));
  }

  #choose(cell) {
    if (!cell) return;
    this.#picked = cell.value;
    const recent = [cell.value, ...this.#recent().filter((one) => one !== cell.value)];
    this.#parts.recent.text = recent.slice(0, MOST_RECENT).join(" ");
    this.#dialog.close();
  }

  #recent() {
    return (this.#parts.recent.text ?? "").split(" ").filter(Boolean);
  }

  // Enter in the search takes the first one; the arrow keys step through all, a row up and down.
  #key(event) {
    const cells = [...this.#grid.querySelectorAll("button")];
    const at = cells.indexOf(document.activeElement);
    if (event.key === "Enter" && document.activeElement === this.#search) {
      event.preventDefault();
      return this.#choose(cells[0]);
    }
    if (event.key === "ArrowDown" && at < 0 && document.activeElement === this.#search)
      return this.#focus(event, cells[0]);
    if (at < 0) return;
    const next = step(event.key, "across", at, cells.length) ?? this.#rowStep(event.key, cells, at);
    if (next !== null) this.#focus(event, cells[next]);
  }

  #rowStep(key, cells, at) {
    const way = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (!way) return null;
    const { left, top } = cells[at].getBoundingClientRect();
    for (let next = at + way; next >= 0 && next < cells.length; next += way) {
      const box = cells[next].getBoundingClientRect();
      if (box.top !== top && (way > 0 ? box.left >= left : box.left <= left)) return next;
    }
    return at;
  }

  #focus(event, cell) {
    event.preventDefault();
    cell?.focus();
  }
}
