const PAUSE = 5 * 60_000;

// A group is what one person said without a pause; it shows name and time once.
// The template filter `grouped` does the same for the first paint.
export function follows(message, before) {
  const turnsDay = !before || localDay(before) !== localDay(message);
  return { turnsDay, opens: turnsDay || !continues(before, message) };
}

// Each with the one before it, as the rows of a KeyedList.
export const inTurn = (messages, previous) =>
  messages.map((message, index) => ({ message, before: messages[index - 1] ?? previous }));

const localDay = ({ at }) => new Date(at).toDateString();

function continues(before, message) {
  const pause = Date.parse(message.at) - Date.parse(before.at);
  return before.by === message.by && before.name === message.name && pause <= PAUSE;
}
