// Looks whether the page has started. It depends on nothing but itself: no module, no storage, and
// no build (its address has no hash, so every process of a deploy has it). A lost module and an
// error in a module look the same from here: all that the page waited for has come or failed, and
// the page has not started. Then this says so and loads the page again, soon at first, then more
// and more rarely, seven times at most.
(() => {
  const PAUSES = [1, 3, 8, 20, 45, 90, 180];
  const FORGET = 10 * 60_000;
  const SLOW = 60_000;
  const stuck = () => document.getElementById("stuck");
  const styles = () => getComputedStyle(document.documentElement).getPropertyValue("--ink") !== "";
  let failed = false;

  if (document.readyState === "complete") look();
  else addEventListener("load", () => setTimeout(look));
  setTimeout(look, SLOW);

  function look() {
    if (failed || !stuck()) return;
    if (stuck().hidden && styles()) return;
    failed = true;
    again(tries());
  }

  function again(count) {
    const pause = PAUSES[count] * 1000 * (0.75 + Math.random() / 2);
    const will = count < PAUSES.length && remember(count + 1, pause);
    tell(will ? "This page could not start. It tries again by itself." : "This page could not start.");
    if (will) setTimeout(reload, pause);
  }

  function reload() {
    if (stuck().hidden && styles()) return;
    if (isTyped()) setTimeout(reload, 10_000);
    else location.reload();
  }

  function tell(words) {
    document.documentElement.setAttribute("data-stuck", "");
    document.querySelector("#stuck .words").textContent = words;
  }

  function isTyped() {
    const fields = document.querySelectorAll("form:not([hidden]) textarea, form:not([hidden]) input");
    return Array.from(fields).some((field) => field.value !== field.defaultValue);
  }

  // In the state of the history's entry: storage may be forbidden, this outlives a reload everywhere.
  function tries() {
    const { tries = 0, last = 0 } = history.state?.watchdog ?? {};
    return Date.now() - last < FORGET ? tries : 0;
  }

  function remember(tries, pause) {
    try {
      history.replaceState({ ...history.state, watchdog: { tries, last: Date.now() + pause } }, "");
      return true;
    } catch {
      return false;
    }
  }
})();
