// Stands in the composer's place until there is a name, and again to change it.
export class JoinForm {
  #form;
  #composer;
  #join;
  #awaiting = false;
  #wanted = false;

  // join(name); forget() resolves to whether our other browsers are signed out
  constructor({ form, composer, join, forget }) {
    this.#form = form;
    this.#composer = composer;
    this.#join = join;
    form.addEventListener("submit", (event) => this.#submit(event));
    form.addEventListener("keydown", ({ key }) => key === "Escape" && this.#cancel());
    form.elements.cancel.addEventListener("click", () => this.#cancel());
    form.elements.forget.addEventListener("click", () => this.#signOut(forget));
  }

  // The person wants another name.
  change(name) {
    this.#wanted = true;
    this.#form.elements.name.value = name;
    this.#show(true);
    this.#form.elements.name.select();
  }

  focus() {
    this.#form.elements.name.focus();
  }

  refuse(reason) {
    this.#wanted = true;
    this.#awaiting = false;
    this.#explain(reason);
    this.#show(true);
  }

  // Every join is answered by who we are; `you` is null for a reader.
  answered(you, remembered) {
    const { name, cancel, confirm, forget } = this.#form.elements;
    cancel.hidden = forget.hidden = !you;
    confirm.textContent = you ? "Change name" : "Join";
    if (you && (this.#awaiting || !this.#wanted)) return this.#leave();
    if (you) return;
    name.value ||= remembered;
    this.#show(true);
  }

  #submit(event) {
    event.preventDefault();
    const name = this.#form.elements.name.value.trim();
    if (!name) return this.#explain("Type a name first.");
    this.#explain("");
    this.#awaiting = true;
    this.#join(name);
  }

  async #signOut(forget) {
    this.#explain("");
    if (!(await forget())) return this.#explain("That didn't work. Try again.");
    this.#leave();
  }

  #cancel() {
    if (!this.#form.elements.cancel.hidden) this.#leave();
  }

  #leave() {
    const held = this.#form.contains(document.activeElement);
    this.#awaiting = this.#wanted = false;
    this.#explain("");
    this.#show(false);
    if (held) this.#composer.elements.text.focus();
  }

  #explain(reason) {
    this.#form.querySelector(".error").textContent = reason;
    this.#form.elements.name.ariaInvalid = String(reason !== "");
  }

  #show(shown) {
    this.#form.hidden = !shown;
    this.#composer.hidden = shown;
  }
}
