const ICONS = {
  reply: "M10 6 4 12l6 6M4 12h10a6 6 0 0 1 6 6",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  link: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 6 6l1-1",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  remove: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
};

// What one can do with a message, in this order: { name, label, icon, applies(message, me), act(message) }.
// me: { id, writes } says who reads, and whether under a name; now(); verbs: what the page does.
export function makeActions({ verbs, now, limits }) {
  const isMine = ({ by }, me) => by === me.id;
  const isFresh = ({ at }) => now() - Date.parse(at) < limits.edit_seconds * 1000;
  return [
    { name: "reply", label: "Reply", applies: (_, me) => me.writes },
    { name: "copy", label: "Copy text", applies: () => true },
    { name: "link", label: "Copy link", applies: () => true },
    { name: "edit", label: "Edit", applies: (message, me) => me.writes && isMine(message, me) && isFresh(message) },
    { name: "remove", label: "Remove", applies: isMine },
  ].map((action) => ({ ...action, icon: ICONS[action.name], act: verbs[action.name] }));
}
