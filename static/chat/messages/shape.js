import { pieces } from "./links.js";

const MOST_QUOTES = 3;
const QUOTED = /^>(?: |$)/;
const BULLET = /^- (?=\S)/;
const NUMBER = /^(\d{1,4})\. (?=\S)/;
const FENCE = /^```([\w+#.-]*)\s*$/;
const FENCED_LINE = /^```(?=.*[^`\s])/;
const FENCE_END = /```\s*$/;
const ACTION = /^\/me +(?=\S)/;
const TAGS = { "*": "em", "**": "strong", "~~": "s" };
// Between letters a mark is none: snake_case, 2*3*4. Scripts that put no space between words have no other place for it.
const LETTER = /[\p{L}\p{N}_]/u;
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}]/u;
// "*-*", "*_*"; and "*.js".
const FACE = /[-_.^]/;

// What the marks in a text mean, as a tree: a list of strings and of nodes { tag, children }, where `fence`
// has { text, lang }, `a` what links.js says, and `li` of an `ol` the number as it was typed. What doesn't
// close on its line stays text (a fence: before the end). Time is linear in the text, whatever is in it.
export function parse(text) {
  const action = ACTION.exec(text);
  if (action) return [{ tag: "me", children: phrases(text.slice(action[0].length).split("\n")) }];
  return blocks(text.split("\n"), 0);
}

function blocks(lines, depth) {
  const found = [];
  const plain = [];
  const readers = [fences(lines), quote, list];
  const close = () => {
    if (plain.length) found.push({ tag: "p", children: phrases(plain.splice(0)) });
  };
  for (let at = 0; at < lines.length; ) {
    const block = read(readers, lines, at, depth);
    if (block) {
      close();
      found.push(block.node);
    } else {
      plain.push(lines[at]);
    }
    at = block ? block.next : at + 1;
  }
  close();
  return found;
}

function read(readers, lines, at, depth) {
  for (const reader of readers) {
    const block = reader(lines, at, depth);
    if (block) return block;
  }
  return null;
}

// Where one fence finds no end, no later one will.
function fences(lines) {
  const last = lines.findLastIndex((line) => FENCE_END.test(line));
  return (_, at) => {
    const opened = at < last && (FENCE.exec(lines[at]) ?? FENCED_LINE.exec(lines[at]));
    if (!opened) return null;
    const [mark, lang] = opened;
    let end = at + 1;
    while (!FENCE_END.test(lines[end])) end++;
    const code = [lines[at].slice(mark.length), ...lines.slice(at + 1, end), lines[end].replace(FENCE_END, "")];
    if (lang !== undefined) code.shift();
    if (!code.at(-1)) code.pop();
    return { node: { tag: "fence", lang: lang ?? "", text: code.join("\n") }, next: end + 1 };
  };
}

function quote(lines, at, depth) {
  if (depth === MOST_QUOTES) return null;
  const end = run(lines, at, QUOTED);
  if (end === at) return null;
  const inner = lines.slice(at, end).map((line) => line.slice(2));
  return { node: { tag: "blockquote", children: blocks(inner, depth + 1) }, next: end };
}

function list(lines, at) {
  const mark = [BULLET, NUMBER].find((mark) => mark.test(lines[at]));
  if (!mark) return null;
  const end = run(lines, at, mark);
  const children = lines.slice(at, end).map((line) => {
    const [{ length }, number] = mark.exec(line);
    return { tag: "li", ...(number && { number: Number(number) }), children: phrase(line.slice(length)) };
  });
  return { node: { tag: mark === NUMBER ? "ol" : "ul", children }, next: end };
}

function run(lines, from, mark) {
  let end = from;
  while (end < lines.length && mark.test(lines[end])) end++;
  return end;
}

function phrases(lines) {
  const joined = [];
  for (const [index, line] of lines.entries()) {
    if (index) add(joined, "\n");
    for (const node of phrase(line)) add(joined, node);
  }
  return joined;
}

const phrase = (line) => nest(pair(tokens(line)));

// Strings, nodes of code and links, and marks { mark, opens, closes }, in order.
function* tokens(line) {
  for (const { from, to, code } of codes(line)) {
    if (code !== undefined) yield { tag: "code", children: [code] };
    else yield* marks(line, from, to);
  }
}

// A run of backticks ends at the next one of the same length.
function* codes(line) {
  const runs = [...line.matchAll(/`+/g)];
  const ends = new Map();
  for (const [index, [ticks]] of [...runs.entries()].reverse()) {
    runs[index].end = ends.get(ticks);
    ends.set(ticks, runs[index].index);
  }
  let from = 0;
  for (const { 0: ticks, index, end } of runs) {
    if (index < from || end === undefined) continue;
    yield { from, to: index };
    yield { code: trimmed(line.slice(index + ticks.length, end)) };
    from = end + ticks.length;
  }
  yield { from, to: line.length };
}

// The spaces that keep a backtick away from the mark.
const trimmed = (code) => code.replace(/^ (`.*|.*`) $/, "$1");

function* marks(line, start, end) {
  let at = start;
  for (const { text, href, shown } of pieces(line.slice(start, end))) {
    if (href) yield { tag: "a", text, href, shown };
    else yield* marksOfText(line, at, at + text.length);
    at += text.length;
  }
}

function* marksOfText(line, start, end) {
  let from = start;
  for (const { 0: mark, index } of line.slice(start, end).matchAll(/\*+|~+/g)) {
    const at = start + index;
    yield line.slice(from, at);
    from = at + mark.length;
    const [before, after] = [line[at - 1] ?? " ", line[from] ?? " "];
    const isFace = mark === "*" && FACE.test(after);
    const opens = !/\s/.test(after) && !isInWord(before) && !isFace;
    yield { mark, opens, closes: !/\s/.test(before) && !isInWord(after) };
  }
  yield line.slice(from, end);
}

const isInWord = (character) => LETTER.test(character) && !UNSPACED.test(character);

// Gives each mark that closes another one its `partner`, and the other way round: the nearest that is open.
function pair(tokens) {
  const paired = [];
  const open = [];
  const count = { "*": 0, "**": 0, "~~": 0 };
  for (const token of tokens) {
    if (!token.mark) paired.push(token);
    else for (const mark of split(token, open.at(-1))) paired.push(meet({ ...token, mark }, open, count));
  }
  return paired;
}

// Three stars are two marks; where they close, the one that was opened last comes first.
function split({ mark, closes }, last) {
  if (mark !== "***") return [mark];
  return closes && last?.mark === "*" ? ["*", "**"] : ["**", "*"];
}

function meet(token, open, count) {
  const { mark, opens, closes } = token;
  if (closes && count[mark]) {
    let last;
    do {
      last = open.pop();
      count[last.mark]--;
    } while (last.mark !== mark);
    last.partner = token;
    token.partner = last;
  } else if (opens && mark in count) {
    open.push(token);
    count[mark]++;
  }
  return token;
}

// Bold in bold is bold: so however deep marks are nested, nodes are three deep.
function nest(tokens) {
  const stack = [{ children: [] }];
  for (const token of tokens) {
    const { children, closer } = stack.at(-1);
    if (token === closer) {
      stack.pop();
    } else if (token.partner && !stack.some(({ tag }) => tag === TAGS[token.mark])) {
      const node = { tag: TAGS[token.mark], children: [] };
      children.push(node);
      stack.push({ ...node, closer: token.partner });
    } else {
      add(children, token.mark ?? token);
    }
  }
  return stack[0].children;
}

function add(children, node) {
  if (typeof node === "string" && typeof children.at(-1) === "string") children[children.length - 1] += node;
  else if (node !== "") children.push(node);
}
