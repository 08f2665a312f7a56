const said = new WeakMap();

// Says it in `element`, if that is not what was said there last. Not compared with what is there:
// the browser may have translated it, and would have to again at each paint.
export function say(element, words) {
  if (said.get(element) === words) return;
  if (said.has(element) || element.textContent !== words) element.textContent = words;
  said.set(element, words);
}
