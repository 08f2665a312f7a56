const LONG = 500;
const STILL = 10; // pixels

// Tells of a finger that rests on `element` or what is in it: pressed(target). What the finger does there
// by a tap is then not done. isMeant(target) leaves out what has a use of its own for it.
export function longPress({ element, clock, pressed, isMeant = () => true }) {
  let waiting = null;
  let start = null;
  let isLong = false;
  const stop = () => clock.clearTimeout(waiting);
  element.addEventListener("pointerdown", ({ target, pointerType, clientX, clientY }) => {
    stop();
    isLong = false;
    if (pointerType !== "touch" || !isMeant(target)) return;
    start = { clientX, clientY };
    waiting = clock.setTimeout(() => {
      isLong = true;
      pressed(target);
    }, LONG);
  });
  element.addEventListener("pointermove", ({ clientX, clientY }) => {
    if (start && Math.hypot(clientX - start.clientX, clientY - start.clientY) > STILL) stop();
  });
  for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, stop);
  // Some browsers open a menu of their own at the same time.
  element.addEventListener("contextmenu", (event) => isLong && event.preventDefault());
  element.addEventListener("click", (event) => isLong && event.stopImmediatePropagation(), true);
}
