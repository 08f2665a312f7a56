const PAUSE = 5 * 60_000;

// A group is what one person said without a pause; it shows name and time once.
// The template filter `grouped` does the same for the first paint.
export function grouped(messages, previous) {
  return messages.map((message) => {
    const before = previous;
    previous = message;
    const turnsDay = !before || localDay(before) !== localDay(message);
    return { message, turnsDay, opens: turnsDay || !continues(before, message) };
  });
}

const localDay = ({ at }) => new Date(at).toDateString();

function continues(before, message) {
  const pause = Date.parse(message.at) - Date.parse(before.at);
  return before.by === message.by && before.name === message.name && pause <= PAUSE;
}
