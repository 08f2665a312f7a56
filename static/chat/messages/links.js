import { isTop, readHost } from "./hosts.js";

// chat/protocol/links.py finds the same on the server; cases/links.json is the test of both.

// Nothing of these is in an address: space, what is not seen, quotation marks, dashes, marks of code
// and tags, and the punctuation of languages that put no space after it.
const STOP =
  '\\p{White_Space}\\p{Cc}\\p{Cf}\\p{Default_Ignorable_Code_Point}<>"`\\\\«»‹›‘-‟—―…、-】〔-〟！，．：；？（）［］｛｝｟-･';
const RUN = new RegExp(`[^${STOP}]+`, "gu");
// Not by the flag i: to it the long s (\u017f) is an s, and to no browser, in whose eyes that address would be a path
// of ours.
const SCHEME = "[hH][tT][tT][pP][sS]?://";
const LETTER = `(?!${SCHEME})[\\p{L}\\p{N}]`;
const LABEL = `${LETTER}(?:(?:(?!${SCHEME})[\\p{L}\\p{N}\\p{M}_-])*(?!${SCHEME})[\\p{L}\\p{N}\\p{M}])?`;
const HOST = new RegExp(`(${SCHEME})?(${LABEL}(?:\\.${LABEL})*)(?::(\\d{1,5})(?!\\d))?`, "gu");
// Where an address seems to begin right behind one of these, it doesn't.
const JOINED = { scheme: /[A-Za-z0-9]$/, bare: /[\p{L}\p{N}\p{M}@/:=&#%?+$._-]$/u };
const AFTER_HOST = /[@/?#]/g;
const TRAILING = new Set("'.,;:!?*_~|^&([{");
// Behind a known top level, letters of another script are the next word.
const NEXT_WORD = /\.([A-Za-z]+)[^\0-~][^.]*$/;
const OPENED_BY = { ")": "(", "]": "[", "}": "{" };
const MOST = 60;
const LEAST_PATH = 16;

// A text in pieces: { text }, and for addresses { text, href, shown } too. Joined, their texts are the text.
export function pieces(text) {
  const found = [];
  let end = 0;
  for (const { start, ...link } of links(text)) {
    if (start > end) found.push({ text: text.slice(end, start) });
    found.push(link);
    end = start + link.text.length;
  }
  if (end < text.length) found.push({ text: text.slice(end) });
  return found;
}

function* links(text) {
  if (!text.includes(".") && !text.includes("://")) return;
  for (const { 0: run, index } of text.matchAll(RUN)) {
    for (const link of inRun(run)) yield { ...link, start: index + link.start };
  }
}

function* inRun(run) {
  let end = 0;
  let after = -1;
  for (const { 0: address, 1: scheme = "", 2: name, 3: port = "", index } of run.matchAll(HOST)) {
    if (index < end) continue;
    const host = index + scheme.length;
    if (after < host) after = next(run, host);
    // A user part makes a browser go elsewhere than its reader thinks: no part of this is a link.
    if (run[after] === "@" && scheme) return;
    if (run[after] === "@" || !begins(run, index, scheme)) continue;
    const [, top] = NEXT_WORD.exec(name) ?? [];
    const isCut = top && isTop(top);
    const link = isCut
      ? read({ scheme, name: name.slice(0, name.lastIndexOf(".") + 1) + top, port: "" })
      : read({ scheme, name, port });
    if (!link) continue;
    // Only behind a host: so no character is looked at for two paths, however many names there are in it, and the
    // time is linear.
    const found = withPath(link, isCut ? "" : path(run, index + address.length));
    yield { ...found, start: index };
    end = index + found.text.length;
  }
}

function next(run, from) {
  AFTER_HOST.lastIndex = from;
  return AFTER_HOST.exec(run)?.index ?? run.length;
}

const begins = (run, index, scheme) =>
  !JOINED[scheme ? "scheme" : "bare"].test(run.slice(Math.max(index - 2, 0), index));

// A name without a scheme is an address if it ends in a known top level and looks like what it is.
function read({ scheme, name, port }) {
  if (!scheme && !(name.includes(".") && isTop(name.slice(name.lastIndexOf(".") + 1)))) return null;
  const host = Number(port) < 65_536 && readHost(name);
  if (!host || (!scheme && host.shown !== name)) return null;
  const at = port && `:${port}`;
  return { text: scheme + name + at, href: (scheme || "https://") + host.ascii + at, shown: scheme + host.shown + at };
}

const withPath = ({ text, href, shown }, path) => ({
  text: text + path,
  href: href + path,
  shown: shorten(shown, path),
});

// Ends where its reader sees it end: before a bracket that was not opened in it, or a mark of bold or struck text.
function path(run, from) {
  if (!/[/?#]/.test(run[from] ?? "")) return "";
  const open = { "(": 0, "[": 0, "{": 0 };
  let end = from;
  for (; end < run.length; end++) {
    const character = run[end];
    if (character in open) open[character]++;
    else if (character in OPENED_BY && open[OPENED_BY[character]]-- === 0) break;
    else if ((character === "*" || character === "~") && run[end + 1] === character) break;
  }
  while (end > from && (TRAILING.has(run[end - 1]) || run.startsWith("'s", end - 2))) {
    end -= TRAILING.has(run[end - 1]) ? 1 : 2;
  }
  return run.slice(from, end);
}

// In the middle of the path: who reads where it leads, reads it from the host.
function shorten(host, path) {
  const characters = Array.from(path);
  const room = Math.max(MOST - host.length, LEAST_PATH);
  if (characters.length <= room) return host + path;
  const half = room >> 1;
  return `${host}${characters.slice(0, half).join("")}…${characters.slice(1 - half).join("")}`;
}
