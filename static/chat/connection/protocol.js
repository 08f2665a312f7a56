// The frames of docs/PROTOCOL.md: how they are built, read and handed on.

export const build = {
  join: ({ name, since, token }) => ({ type: "join", name, since, token }),
  post: ({ nonce, text, reply_to }) => ({ type: "post", nonce, text, reply_to }),
  edit: ({ nonce, seq, text }) => ({ type: "edit", nonce, seq, text }),
  remove: ({ nonce, seq }) => ({ type: "remove", nonce, seq }),
  react: ({ nonce, seq, emoji, on }) => ({ type: "react", nonce, seq, emoji, on }),
  typing: () => ({ type: "typing" }),
  ping: (seq) => ({ type: "ping", seq }),
};

export const encode = (frame) => JSON.stringify(frame);

export function decode(data) {
  try {
    return JSON.parse(data) ?? {};
  } catch {
    return {};
  }
}

// A frame type without a handler is from a newer server: ignored.
export function dispatch(handlers, frame) {
  if (Object.hasOwn(handlers, frame.type)) handlers[frame.type](frame);
}

// Characters that a message can't have (FORBIDDEN in chat/protocol/text.py), but pasted text may.
// Those that break a line become a line break; the others are invisible and are taken out.
const BREAKS = /\r\n|[\r\v\f\x85\u2028\u2029]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is about them
const FORBIDDEN = /[\0-\x08\x0b-\x1f\x7f-\x9f]|\p{Surrogate}/gu;
export const clean = (text) => text.replace(BREAKS, "\n").replace(FORBIDDEN, "").trim();

// The same for a text that may have been sent before. It stays as it is if the server can have
// taken it: another text under the same nonce would be refused.
export const mend = (text) => (text.search(FORBIDDEN) < 0 ? text : clean(text));

// As the server counts: code points of the composed text.
export const textLength = (text) => [...clean(text).normalize("NFC")].length;

// A frame over the limit breaks the connection, and the outbox would send it again for ever.
export function fitsFrame(text, limits) {
  const longest = { nonce: "-".repeat(64), reply_to: Number.MAX_SAFE_INTEGER };
  const frame = encode(build.post({ ...longest, text: clean(text) }));
  return new TextEncoder().encode(frame).length <= limits.frame;
}

// Refused for now, not for what it says: the same may go out again when the server says.
export function comesLater({ code, retry_after: wait }) {
  return code === "busy" || (wait > 0 && code !== "banned");
}

// The server's own words for an error, a rejection or a bye, with the wait if there is one.
export function explain({ message, retry_after: wait }) {
  return wait ? `${message} Try again in ${Math.ceil(wait)} s.` : message;
}

// crypto.randomUUID does not exist on plain http in a local network; some browsers have no crypto at all.
export function makeNonce(crypto) {
  const bytes = Uint8Array.from({ length: 16 }, () => Math.random() * 256);
  crypto?.getRandomValues?.(bytes);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
