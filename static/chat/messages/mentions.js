const UNIT = /\p{Zs}+|\P{M}\p{M}*|\p{M}+/uy;
const STYLE = /[\ufe0e\ufe0f]/g;
const LETTER = /^[\p{L}\p{N}\p{M}_]/u;
const LETTER_BEFORE = /[\p{L}\p{N}_]$/u;
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}]/u;

// Gives find(text): where a text names `name` behind an @, as [{ start, end }]. Names are compared as RFC 8266,
// section 2 does it: width, case and runs of spaces make no difference. Where one of `others` is named, who has a
// longer name that begins like this one, that one is meant. Behind each @ no more is read than can be a name, and no
// letter is prepared twice: time is linear in the text, however many others there are.
export function finder({ name, others = [] }) {
  const own = fold(name);
  const longer = new Set(others.map(fold).filter((other) => other.length > own.length && other.startsWith(own)));
  const longest = Math.max(0, ...Array.from(longer, ({ length }) => length));
  return (text) => (own ? mentions(text, { own, longer, longest }) : []);
}

function mentions(text, names) {
  const found = [];
  const units = [];
  const unitAt = (at) => (units[at] ??= unit(text, at));
  for (const { index } of text.matchAll(/[@＠]/g)) {
    if (LETTER_BEFORE.test(text.slice(Math.max(index - 2, 0), index))) continue;
    const end = endOf(names, unitAt, text, index + 1);
    if (end && !goesOn(names, unitAt, text, end)) found.push({ start: index, end });
  }
  return found;
}

function fold(name) {
  const trimmed = name.trim();
  let folded = "";
  for (let at = 0; at < trimmed.length; ) {
    const next = unit(trimmed, at);
    folded += next.folded;
    at = next.end;
  }
  return folded;
}

// What is one letter with its marks, compared as one; and where in the text it ends.
function unit(text, at) {
  UNIT.lastIndex = at;
  const [found] = UNIT.exec(text);
  return { folded: prepare(found), end: at + found.length };
}

const prepare = (unit) =>
  /^\p{Zs}/u.test(unit) ? " " : unit.replace(STYLE, "").normalize("NFKC").toLowerCase().normalize("NFKC");

function endOf({ own }, unitAt, text, start) {
  let at = start;
  for (let read = 0; read < own.length; ) {
    if (at === text.length) return null;
    const { folded, end } = unitAt(at);
    if (!own.startsWith(folded, read)) return null;
    read += folded.length;
    at = end;
  }
  return endsAt(text, at) ? at : null;
}

// Whether what stands there is not `own`, but the begin of a longer name.
function goesOn({ own, longer, longest }, unitAt, text, from) {
  let said = own;
  for (let at = from; at < text.length && said.length < longest; ) {
    const { folded, end } = unitAt(at);
    said += folded;
    at = end;
    if (longer.has(said) && endsAt(text, at)) return true;
  }
  return false;
}

// "@Ada" does not name Ada in "@Adam"; but where words have no space between them, it may.
function endsAt(text, end) {
  const next = String.fromCodePoint(text.codePointAt(end) ?? 32);
  return !LETTER.test(next) || UNSPACED.test(next) || UNSPACED.test(text.slice(end - 1, end));
}
