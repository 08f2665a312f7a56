const HUES = 12;

// The template filters `hue` and `initials` do the same for the first paint.
export function hue(id) {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + character.codePointAt(0)) % HUES;
  return sum;
}

export function initials(name) {
  const words = name.split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? [[...words[0]][0], [...words.at(-1)][0]] : [...(words[0] ?? "")].slice(0, 2);
  return letters.join("").toUpperCase();
}

export function paint(avatar, name, id) {
  avatar.className = id ? `avatar hue-${hue(id)}` : "avatar";
  avatar.textContent = initials(name);
}
