const LINES = 8;
const CHARACTERS = 300;

// Folds what is taller than the style sheet lets something of the class `folds` be, under a button that
// shows all of it. Whether it is depends on the window and the font, so the browser says it.
export class Folds {
  #buttons = new WeakMap();
  #observer = globalThis.ResizeObserver && new ResizeObserver((seen) => this.#look(seen));

  // Where `text` is what `element` shows.
  watch(element, text) {
    if (!this.#observer || (text.length < CHARACTERS && text.split("\n").length < LINES)) return;
    element.classList.add("folds");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "unfold";
    button.hidden = true;
    button.addEventListener("click", () => show(element, button, !element.classList.contains("whole")));
    // What has the focus is never under the fold.
    element.addEventListener("focusin", () => show(element, button, true));
    element.after(button);
    show(element, button, false);
    this.#buttons.set(element, button);
    this.#observer.observe(element);
  }

  #look(seen) {
    for (const { target } of seen) {
      const isOpen = target.classList.contains("whole");
      this.#buttons.get(target).hidden = !isOpen && target.scrollHeight <= target.clientHeight + 1;
      target.classList.toggle("folded", !this.#buttons.get(target).hidden && !isOpen);
    }
  }
}

function show(element, button, whole) {
  element.classList.toggle("whole", whole);
  if (whole) element.classList.remove("folded");
  button.textContent = whole ? "Show less" : "Show all";
  button.ariaExpanded = whole;
}
