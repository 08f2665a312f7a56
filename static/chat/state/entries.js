import { clean, mend } from "../connection/protocol.js";

// How long a removal can be undone: so long it waits, and the store keeps it from the first moment.
export const UNDO = 5_000;

const ABOUT_THE_TEXT = new Set(["empty", "too_long", "invalid_text", "nonce_conflict"]);
const USELESS = new Set(["gone", "not_yours", "too_late"]);

// What an entry of the outbox does beside its frame, by the type of that frame: its text as it goes out;
// whether it stays where it was refused, with what was written; whether another try can help then.
const KINDS = {
  post: { tidy: withText, stays: true, isHopeless: ({ code }) => ABOUT_THE_TEXT.has(code) },
  edit: { tidy: withText, stays: true, isHopeless: ({ code }) => ABOUT_THE_TEXT.has(code) || USELESS.has(code) },
  remove: { tidy: same },
  react: { tidy: same },
};
const kindOf = ({ type }) => KINDS[type];

export const tidied = (fields) => kindOf(fields).tidy(fields, clean);
export const stays = (entry) => Boolean(kindOf(entry).stays);
export const isHopeless = (entry, frame) => kindOf(entry).isHopeless(frame) || undefined;

// An entry of a page that is gone. Those of former builds have no type, those of later ones an unknown one.
export function revived({ type = "post", ...fields }) {
  if (!Object.hasOwn(KINDS, type)) return null;
  const entry = KINDS[type].tidy({ ...fields, type }, mend);
  return { ...entry, state: entry.reason ? "failed" : "waiting" };
}

// What the store keeps of it: what it says, not how it stands.
export const kept = ({ state, held, number, ...fields }) => fields;

// How long it has yet to wait, in ms. A clock that was put back must not make it wait for ever.
export function early({ due }, now) {
  const left = due - now;
  return left > 0 && left <= UNDO ? left : 0;
}

function withText(fields, make) {
  return { ...fields, text: make(fields.text) };
}

function same(fields) {
  return fields;
}
