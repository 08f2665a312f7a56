const LONGEST = 140;

// The first words of a text on one line, without the marks of its shape.
export function excerpt({ text }) {
  const plain = text
    .slice(0, 4 * LONGEST)
    .replace(/^(?:>\s?|```.*$|\/me )+/gm, "")
    .replace(/(\*{1,3}|~~|`+)(?=\S)(.+?)(?<=\S)\1/g, "$2")
    .replace(/\s+/g, " ")
    .trim();
  const letters = [...(plain || text.trim())];
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join("")}…` : letters.join("");
}
