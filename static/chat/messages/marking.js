// Marks in a painted text what `find(text)` gives as [{ start, end }]; what was marked before is
// unmarked first. Gives whether there is any. In code, links and quotes nobody is named.
export function mark(root, find) {
  for (const old of root.querySelectorAll("mark")) old.replaceWith(...old.childNodes);
  root.normalize();
  for (const node of textNodes(root)) markIn(node, find(node.data));
  return root.querySelector("mark") !== null;
}

function textNodes(root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode())
    if (!walker.currentNode.parentElement.closest("code, a, .quote")) found.push(walker.currentNode);
  return found;
}

// From the end, so that what is before a mark stays where it is.
function markIn(node, ranges) {
  for (const { start, end } of ranges.reverse()) {
    const named = node.splitText(start);
    named.splitText(end - start);
    const mark = document.createElement("mark");
    named.replaceWith(mark);
    mark.append(named);
  }
}
