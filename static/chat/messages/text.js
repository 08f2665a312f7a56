import { find } from "../vendor/linkify.mjs";

const WEB = /^https?:\/\//i;
const PERHAPS_WEB = /https?:\/\//i;

// Text as text nodes, with web addresses clickable. Nothing is ever parsed as HTML.
export function fill(element, text) {
  let end = 0;
  element.textContent = "";
  if (!PERHAPS_WEB.test(text)) return element.append(text);
  for (const { value, start, end: next } of find(text, "url")) {
    if (!WEB.test(value)) continue;
    element.append(text.slice(end, start), link(value));
    end = next;
  }
  element.append(text.slice(end));
}

function link(address) {
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer nofollow ugc";
  anchor.textContent = address;
  return anchor;
}
