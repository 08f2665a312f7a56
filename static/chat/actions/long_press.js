const LONG = 500;
const STILL = 10; // pixels

// Tells of a finger that rests on something in the list: pressed(target). Not on what can be pressed itself.
export function longPress({ list, clock, pressed }) {
  let waiting = null;
  let start = null;
  const stop = () => clock.clearTimeout(waiting);
  list.addEventListener("pointerdown", ({ target, pointerType, clientX, clientY }) => {
    stop();
    if (pointerType !== "touch" || target.closest("a, button")) return;
    start = { clientX, clientY };
    waiting = clock.setTimeout(() => pressed(target), LONG);
  });
  list.addEventListener("pointermove", ({ clientX, clientY }) => {
    if (start && Math.hypot(clientX - start.clientX, clientY - start.clientY) > STILL) stop();
  });
  for (const end of ["pointerup", "pointercancel"]) list.addEventListener(end, stop);
  // Some browsers open a menu of their own at the same time.
  list.addEventListener("contextmenu", (event) => event.pointerType === "touch" && event.preventDefault());
}
