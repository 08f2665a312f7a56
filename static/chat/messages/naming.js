const TYPED = /(?:^|[^\p{L}\p{N}_@＠])([@＠]([^@＠\n]{0,32}))$/u;
const MOST = 8;

// The `@ada` that ends at the caret, as { start, typed }; null where there is none.
export function typedMention(text, caret) {
  const found = TYPED.exec(text.slice(Math.max(caret - 40, 0), caret));
  return found && { start: caret - found[1].length, typed: fold(found[2]) };
}

// Those whose name begins with what is typed, then those with a word that does. names: the likeliest first.
export function complete(names, typed) {
  const ranks = [(name) => name.startsWith(typed), (name) => name.includes(` ${typed}`)];
  const found = ranks.map((fits) => names.filter((name) => fits(fold(name))));
  const all = [...new Set(found.flat())];
  return all.some((name) => fold(name) === typed.trim()) && all.length === 1 ? [] : all.slice(0, MOST);
}

const fold = (name) => name.normalize("NFKC").toLowerCase();
