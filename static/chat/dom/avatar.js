import { attempt } from "./optional.js";
import { say } from "./words.js";

const HUES = 12;

// The template filters `hue` and `initials` do the same for the first paint.
export function hue(id) {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + character.codePointAt(0)) % HUES;
  return sum;
}

export function initials(name) {
  const words = name.split(/\s+/).filter(Boolean).map(letters);
  const chosen = words.length > 1 ? [words[0][0], words.at(-1)[0]] : (words[0] ?? []).slice(0, 2);
  return chosen.map(large).join("");
}

// Letters as a reader sees them: a flag is two code points, a family more.
const letters = attempt(
  () => {
    const graphemes = new Intl.Segmenter();
    return (word) => Array.from(graphemes.segment(word), ({ segment }) => segment);
  },
  () => (word) => [...word],
);

// A letter that would become two, as the sharp s does, stays.
function large(letter) {
  const upper = letter.toUpperCase();
  return upper.length > letter.length ? letter : upper;
}

export function paint(avatar, name, id) {
  avatar.className = id ? `avatar hue-${hue(id)}` : "avatar";
  say(avatar, initials(name));
}
