// The frames of docs/PROTOCOL.md: how they are built, read and handed on.

export const build = {
  join: ({ name, since }) => ({ type: "join", name, since }),
  post: ({ nonce, text }) => ({ type: "post", nonce, text }),
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

// As the server counts: code points of the trimmed, composed text.
export const textLength = (text) => [...text.trim().normalize("NFC")].length;

// A frame over the limit breaks the connection, and the outbox would send it again for ever.
export function fitsFrame(text, limits) {
  const frame = encode(build.post({ nonce: "-".repeat(64), text }));
  return new TextEncoder().encode(frame).length <= limits.frame;
}

// The server's own words for an error, a rejection or a bye, with the wait if there is one.
export function explain({ message, retry_after: wait }) {
  return wait ? `${message} Try again in ${Math.ceil(wait)} s.` : message;
}

// crypto.randomUUID does not exist on plain http in a local network; some browsers have no crypto at all.
export function makeNonce(crypto) {
  const bytes = new Uint8Array(16);
  if (crypto?.getRandomValues) crypto.getRandomValues(bytes);
  else bytes.forEach((_, index) => (bytes[index] = Math.random() * 256));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
