// An element with properties and children.
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function button(label, pressed, properties = {}) {
  const element = make("button", { type: "button", ...properties }, label);
  element.addEventListener("click", pressed);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

// An icon of lines, on a field of 24 by 24.
export function icon(path) {
  const svg = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}
