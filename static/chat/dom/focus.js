// Runs change(), which may take out what has the focus. Then the message that held it has the focus, or the
// next one that is left, or one before it, or `fallback`: it never falls to the body.
export function keepFocus(change, fallback) {
  const held = document.activeElement;
  const item = held?.closest(".message");
  const heirs = item ? [item, ...after(item), ...before(item)].filter((one) => one.matches("[tabindex]")) : [];
  change();
  if (!item || document.activeElement === held) return;
  const heir = heirs.find((one) => one.isConnected) ?? fallback;
  heir.focus({ preventScroll: true });
}

function after(item) {
  const found = [];
  for (let next = item.nextElementSibling; next; next = next.nextElementSibling) found.push(next);
  return found;
}

function before(item) {
  const found = [];
  for (let next = item.previousElementSibling; next; next = next.previousElementSibling) found.push(next);
  return found;
}

// What an arrow key, Home or End leads to, from the one at `index` of `count`; null for any other key.
const STEPS = {
  next: (index, count) => Math.min(index + 1, count - 1),
  previous: (index) => Math.max(index - 1, 0),
  first: () => 0,
  last: (_, count) => count - 1,
};
const KEYS = {
  across: { ArrowRight: "next", ArrowLeft: "previous", Home: "first", End: "last" },
  down: { ArrowDown: "next", ArrowUp: "previous", Home: "first", End: "last" },
};

export function step(key, direction, index, count) {
  const way = Object.hasOwn(KEYS[direction], key) && KEYS[direction][key];
  return way && count ? STEPS[way](index, count) : null;
}
