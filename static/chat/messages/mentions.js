const REACH = 200;
const UNIT = /\p{Zs}+|\P{M}\p{M}*|\p{M}+/gu;
const STYLE = /[\ufe0e\ufe0f]/g;
const LETTER = /^[\p{L}\p{N}\p{M}_]/u;
const LETTER_BEFORE = /[\p{L}\p{N}_]$/u;
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}]/u;

// Where `text` names `name` behind an @, as [{ start, end }]. Names are compared as RFC 8266, section 2
// does it: width, case and runs of spaces make no difference. Where one of `others` is named, who has a
// longer name that begins like this one, that one is meant.
export function mentions(text, name, others = []) {
  const own = fold(name);
  if (!own) return [];
  const longer = others.map(fold).filter((other) => other.length > own.length && other.startsWith(own));
  const found = [];
  for (const { index } of text.matchAll(/[@＠]/g)) {
    if (LETTER_BEFORE.test(text.slice(Math.max(index - 2, 0), index))) continue;
    const said = units(text.slice(index + 1, index + 1 + REACH));
    const end = endOf(own, said, text, index + 1);
    if (end && !longer.some((other) => endOf(other, said, text, index + 1))) found.push({ start: index, end });
  }
  return found;
}

const fold = (name) =>
  units(name.trim())
    .map(({ folded }) => folded)
    .join("");

// What is one letter with its marks, compared as one; and where in the text it ends.
const units = (text) =>
  Array.from(text.matchAll(UNIT), ({ 0: unit, index }) => ({ folded: prepare(unit), end: index + unit.length }));

const prepare = (unit) =>
  /^\p{Zs}/u.test(unit) ? " " : unit.replace(STYLE, "").normalize("NFKC").toLowerCase().normalize("NFKC");

function endOf(name, units, text, start) {
  let read = 0;
  for (const { folded, end } of units) {
    if (!name.startsWith(folded, read)) return null;
    read += folded.length;
    if (read === name.length) return endsAt(text, start + end) ? start + end : null;
  }
  return null;
}

// "@Ada" does not name Ada in "@Adam"; but where words have no space between them, it may.
function endsAt(text, end) {
  const next = String.fromCodePoint(text.codePointAt(end) ?? 32);
  return !LETTER.test(next) || UNSPACED.test(next) || UNSPACED.test(text.slice(end - 1, end));
}
