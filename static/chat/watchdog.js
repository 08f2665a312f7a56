// Looks whether the page has started, and depends on nothing but itself: no module, no storage,
// and no build (its address has no hash, so any process of a deploy has it). Whatever is wrong,
// a module that is lost as much as an error in one: what the page waited for is there or failed,
// and it has not started. Then it says so, and loads itself again: soon at first, then more and
// more rarely, then no more.
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

  // Storage may be forbidden; what belongs to the entry in the history outlives a reload everywhere.
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
