// The messages as they are seen on this page: with what was done here and is not in the room yet.
// changes: entries of the outbox, in order; me: our id; isMine(message, reaction). A message that
// nothing was done with stays the same object.
export function overlay(messages, changes, { me, isMine }) {
  if (!changes.length) return messages;
  const bySeq = new Map();
  for (const change of changes) bySeq.set(change.seq, [...(bySeq.get(change.seq) ?? []), change]);
  const apply = (message, change) => APPLIED[change.type](message, change, { me, isMine });
  return messages.map((message) => (bySeq.get(message.seq) ?? []).reduce(apply, message));
}

const APPLIED = { edit, remove, react };

// What was refused is not so: it stands in the outbox.
function edit(message, { text, at, state }) {
  return state === "failed" ? message : { ...message, text, edited: at, changing: true };
}

function remove(message, { nonce, state }) {
  return { ...message, removal: { nonce, state } };
}

function react(message, { emoji, on }, { me, isMine }) {
  const before = message.reactions ?? [];
  const there = before.find((one) => one.emoji === emoji) ?? { emoji, count: 0, by: [] };
  if ((there.mine ?? isMine(message, there)) === on) return message;
  const by = on ? [...there.by, me] : there.by.filter((id) => id !== me);
  const now = { emoji, count: there.count + (on ? 1 : -1), by, mine: on };
  const reactions = before.includes(there) ? before.map((one) => (one === there ? now : one)) : [...before, now];
  return { ...message, reactions: reactions.filter(({ count }) => count > 0) };
}
