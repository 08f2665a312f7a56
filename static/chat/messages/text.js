import { copy } from "../dom/clipboard.js";
import { isEmojiAlone } from "./emoji.js";
import { parse } from "./shape.js";

const PAINTERS = { a: link, code, fence, li: item, me: action };

// Shows a text with its shape: as nodes, never as HTML. { name } is who said it; folds.watch(element, text)
// may fold what is long.
export function fill(element, { text, name }, folds) {
  const tree = parse(text);
  const plain = tree.length === 1 && tree[0].tag === "p";
  element.classList.toggle("large", isEmojiAlone(text));
  element.replaceChildren(...paintAll(plain ? tree[0].children : tree, { name, folds }));
}

const paintAll = (nodes, context) => nodes.map((node) => paint(node, context));

function paint(node, context) {
  if (typeof node === "string") return node;
  return PAINTERS[node.tag]?.(node, context) ?? make(node.tag, paintAll(node.children, context));
}

function make(tag, children, properties = {}) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// An address reads from left to right, whatever is in it and around it.
function link({ href, shown, text }) {
  const anchor = make("a", [shown], { href, target: "_blank", rel: "noopener noreferrer nofollow ugc" });
  if (shown !== text) anchor.title = href;
  return make("bdi", [anchor], { dir: "ltr" });
}

function code({ children }) {
  return make("code", children, { translate: false });
}

function item({ number, children }, context) {
  const element = make("li", paintAll(children, context));
  if (number !== undefined) element.value = number;
  return element;
}

function action({ children }, context) {
  const actor = make("bdi", [context.name], { className: "actor", translate: false });
  return make("em", [actor, " ", ...paintAll(children, context)]);
}

function fence({ lang, text }, { folds }) {
  const button = make("button", ["Copy"], { type: "button", className: "copy" });
  button.addEventListener("click", async () => {
    button.textContent = (await copy(text)) ? "Copied" : "Can’t copy";
  });
  // For the next time.
  for (const leaves of ["blur", "pointerleave"]) button.addEventListener(leaves, () => (button.textContent = "Copy"));
  const pre = make("pre", [make("code", [text])], { dir: "ltr", translate: false });
  const block = make("div", [make("p", [lang], { className: "lang", translate: false }), button, pre], {
    className: "code",
  });
  folds.watch(pre, text);
  return block;
}
