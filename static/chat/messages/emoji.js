const ONE =
  "(?:\\p{RI}\\p{RI}|[0-9#*]\\ufe0f?\\u20e3|" +
  "(?:\\p{Emoji_Presentation}|\\p{Extended_Pictographic}(?=[\\ufe0f\\u200d\\u{1f3fb}-\\u{1f3ff}]))" +
  "(?:\\ufe0f|\\p{EMod})?[\\u{e0020}-\\u{e007f}]*" +
  "(?:\\u200d\\p{Extended_Pictographic}(?:\\ufe0f|\\p{EMod})?)*)";
const ALONE = new RegExp(`^\\s*(?:${ONE}\\s*){1,3}$`, "u");
const TYPED = /(?:^|[^\p{L}\p{N}:_/])(:([\p{L}\p{N}_+-]{2,}))$/u;
const LONGEST = 40;
const MOST = 10;
const BASE = /(\u200d?)(\p{EBase})\ufe0f?/gu;
const TONES = ["", "🏻", "🏼", "🏽", "🏾", "🏿"];

// One to three emoji and nothing else: they are shown large.
export const isEmojiAlone = (text) => text.length < 100 && ALONE.test(text);

// The `:smi` that ends at the caret, as { start, typed }; null where there is none, and in code.
export function typedName(text, caret) {
  const before = text.slice(0, caret);
  const found = TYPED.exec(before.slice(-LONGEST));
  if (!found || isInCode(before)) return null;
  return { start: caret - found[1].length, typed: found[2].toLowerCase() };
}

function isInCode(before) {
  const fences = before.match(/^```/gm)?.length ?? 0;
  const line = before.slice(before.lastIndexOf("\n") + 1);
  return fences % 2 === 1 || (line.match(/`/g)?.length ?? 0) % 2 === 1;
}

// Reads the emoji when they are first wanted; what failed is tried again at the next call.
// get(): the rows of vendor/emoji.json, [emoji, names, words, group, has tones] each.
export function lazily(get) {
  let rows = null;
  return () => {
    rows ??= get().catch((reason) => {
      rows = null;
      throw reason;
    });
    return rows;
  };
}

// Those whose name (`smile`, `heart_eyes`) begins with what is typed, then those with a word that does.
export function complete(rows, typed) {
  const ranks = [(name) => name === typed, (name) => name.startsWith(typed), (name) => name.includes(`_${typed}`)];
  const ranked = rows.flatMap((row) => {
    const rank = ranks.findIndex((rank) => row[1].split(" ").some(rank));
    return rank < 0 ? [] : [{ row, rank }];
  });
  return ranked
    .sort((a, b) => a.rank - b.rank)
    .slice(0, MOST)
    .map(({ row }) => row);
}

// The name that was meant by what is typed.
export function nameOf([, names], typed) {
  const all = names.split(" ");
  return all.find((name) => name.startsWith(typed)) ?? all[0];
}

// Those that each of the words begins a name or a word of, in Unicode's order.
export function search(rows, words) {
  const wanted = words
    .toLowerCase()
    .split(/[\s_]+/)
    .filter(Boolean);
  return rows.filter(([, names, about]) => {
    const there = ` ${names.replaceAll("_", " ")} ${about}`;
    return wanted.every((word) => there.includes(` ${word}`));
  });
}

// tone: 0 is none, 1 light to 5 dark. Hands that two people shake have the tone of the people.
export function toned([emoji, , , , hasTones], tone) {
  if (!hasTones || !tone) return emoji;
  return emoji.replace(BASE, (all, joiner, base) => (joiner && base === "🤝" ? all : joiner + base + TONES[tone]));
}
