const said = new WeakMap();

// Writes `words` into `element`, unless they were written there last. They are not compared with
// what stands there: the browser may have translated it, and would have to again at each paint.
export function say(element, words) {
  if (said.get(element) === words) return;
  if (said.has(element) || element.textContent !== words) element.textContent = words;
  said.set(element, words);
}
