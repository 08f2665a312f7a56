import * as emoji from "./emoji.js";
import * as naming from "./naming.js";

// What the composer completes: names behind an @ and emoji behind a colon. See panels/completion.js.
// names(): the likeliest first; rows(): resolves to the rows of all emoji; tone(): of skin, 0 to 5
export const makeSources = ({ names, rows, tone }) => [
  {
    find: naming.typedMention,
    options: async (typed) => naming.complete(names(), typed).map((name) => ({ value: `@${name}`, label: name })),
  },
  {
    find: emoji.typedName,
    options: async (typed) =>
      emoji.complete(await rows(), typed).map((row) => {
        const one = emoji.toned(row, tone());
        return { value: one, label: one, hint: `:${emoji.nameOf(row, typed)}` };
      }),
  },
];
