import { makeActions } from "./actions/actions.js";
import { Steps } from "./actions/steps.js";
import { Toolbar } from "./actions/toolbar.js";
import { Connection } from "./connection/connection.js";
import { HttpSocket } from "./connection/http_socket.js";
import { Identity } from "./connection/identity.js";
import { build, makeNonce } from "./connection/protocol.js";
import { makeAsk } from "./connection/requests.js";
import { Session } from "./connection/session.js";
import { Wakefulness } from "./connection/wakefulness.js";
import { Deeds } from "./deeds.js";
import { copy } from "./dom/clipboard.js";
import { attempt, RefusedSocket, silence } from "./dom/optional.js";
import { Painter } from "./dom/painter.js";
import { Announcer } from "./messages/announcer.js";
import { Bubbles } from "./messages/bubbles.js";
import { Chips } from "./messages/chips.js";
import { Dates } from "./messages/dates.js";
import { Edited } from "./messages/edited.js";
import { lazily, search, toned } from "./messages/emoji.js";
import { excerpt } from "./messages/excerpt.js";
import { Folds } from "./messages/folds.js";
import { Midnight } from "./messages/midnight.js";
import { Names } from "./messages/names.js";
import { Pending } from "./messages/pending.js";
import { Quote } from "./messages/quote.js";
import { Removal } from "./messages/removal.js";
import { Scroll } from "./messages/scroll.js";
import { makeSources } from "./messages/sources.js";
import { Transcript } from "./messages/transcript.js";
import { Room } from "./page.js";
import { About } from "./panels/about.js";
import { Completion } from "./panels/completion.js";
import { Composer } from "./panels/composer.js";
import { Heading } from "./panels/heading.js";
import { JoinForm } from "./panels/join_form.js";
import { Roster } from "./panels/roster.js";
import { Status } from "./panels/status.js";
import { Typing } from "./panels/typing.js";
import { Word } from "./panels/word.js";
import { History } from "./state/history.js";
import { Memory } from "./state/memory.js";
import { Outbox } from "./state/outbox.js";
import { OutboxStore } from "./state/outbox_store.js";
import { OwnReactions } from "./state/own_reactions.js";
import { Quotes } from "./state/quotes.js";
import { Timeline } from "./state/timeline.js";

const element = (id) => document.getElementById(id);
const state = JSON.parse(element("state").textContent);
const aWebSocket = () => new WebSocket(new URL("/ws/chat/", location.href.replace(/^http/, "ws")));
const clock = { now: Date.now, setTimeout: setTimeout.bind(window), clearTimeout: clearTimeout.bind(window) };

const name = new Memory(() => localStorage, "chat.name");
const draft = new Memory(() => sessionStorage, "chat.draft");
const tone = new Memory(() => localStorage, "chat.tone");
const recent = new Memory(() => localStorage, "chat.emoji");
const ask = makeAsk({ fetch: (path, init) => fetch(path, init), clock, headers: () => identity.headers });
const identity = new Identity({
  cookies: () => document.cookie,
  memory: new Memory(() => sessionStorage, "chat.token"),
  ask,
});
const timeline = new Timeline();
const dates = new Dates({ now: clock.now, lang: document.documentElement.lang });
const quotes = new Quotes({
  ask,
  clock,
  timeline,
  epoch: () => session.epoch,
  changed: () => painter.later(),
});
const own = new OwnReactions({ ask, clock, me: () => room.me.id, changed: () => painter.later() });
const bubbles = new Bubbles({
  template: element("message"),
  dates,
  folds: new Folds(),
  details: [
    new Edited({ dates }),
    new Quote({ quotes, excerpt, go: (seq) => deeds.go(seq) }),
    new Chips({
      own,
      names: new Names({ ask, clock }),
      react: (message, emoji) => deeds.react(message, emoji),
    }),
    new Removal({ undo: (nonce) => deeds.undo(nonce) }),
  ],
});
const store = new OutboxStore({
  storage: () => localStorage,
  channel: attempt(() => new BroadcastChannel("chat.outbox"), silence),
  owner: makeNonce(globalThis.crypto),
  makeMark: () => makeNonce(globalThis.crypto),
  clock,
  adopted: (entries) => outbox.adopt(entries),
  lost: (nonce) => outbox.lose(nonce),
});
const outbox = new Outbox({
  send: (entry) => connection.send(build[entry.type](entry)),
  store,
  makeNonce: () => makeNonce(globalThis.crypto),
  clock,
  random: Math.random,
  changed: () => painter.later(),
});
const painter = new Painter({ window, clock, paint: () => room.paint() });
const scroll = new Scroll({
  box: element("box"),
  pill: element("pill"),
  nearTop: () => history.older(),
  reachedEnd: () => painter.later(),
});
const history = new History({
  ask,
  clock,
  timeline,
  epoch: () => session.epoch,
  line: element("older"),
  again: element("older-again"),
  loaded: (page) => room.prepend(page),
});

const typing = new Typing({
  line: element("typing"),
  clock,
  tell: () => connection.hint(build.typing()),
  me: () => room.me.name,
});
const emojiRows = lazily(async () => {
  const { ok, body } = await ask(document.body.dataset.emoji);
  if (!ok) throw new Error("They could not be had.");
  return body;
});
new Completion({
  field: element("composer").elements.text,
  list: element("options"),
  sources: makeSources({
    names: () => room.names,
    rows: emojiRows,
    tone: () => Number(tone.text ?? 0),
  }),
});
const composer = new Composer({
  form: element("composer"),
  draft,
  limits: state.limits,
  enterBreaks: matchMedia("(hover: none) and (pointer: coarse)").matches,
  about: new About({ root: element("about"), excerpt }),
  say: (text, aim) => deeds.say(text, aim),
  editLast: () => deeds.editLast(actions.find(({ name }) => name === "edit").applies),
  typed: () => typing.typed(),
  pick,
  changeName: () => room.changeName(),
});
const seqOf = (item) => Number(item.id.slice(1));
const word = new Word({ line: element("word"), clock });
const deeds = new Deeds({
  outbox,
  own,
  composer,
  scroll,
  history,
  word,
  clock,
  copy,
  pick,
  itemOf: (seq) => element(`m${seq}`),
  address: (seq) => new URL(`#m${seq}`, location.href).href,
  room: {
    travel: (journey) => room.travel(journey),
    find: (seq) => room.find(seq),
    get me() {
      return room.me;
    },
    get shown() {
      return room.shown;
    },
  },
});
const actions = makeActions({ verbs: deeds.verbs, now: clock.now, limits: state.limits });
const list = element("messages");
const toolbar = new Toolbar({
  list,
  clock,
  actions,
  find: (item) => room.find(seqOf(item)),
  me: () => room.me,
  react: (message, emoji) => deeds.react(message, emoji),
  more: (message) => deeds.reactWithAny(message),
});
new Steps({
  box: element("box"),
  list,
  enter: (item) => toolbar.enter(item),
  leave: () => composer.focus(),
});
const more = ({ reply_to: quoted, reactions }) => [quoted && quotes.get(quoted), reactions && own.version];
const room = new Room({
  me: { id: identity.id ?? "", name: name.text ?? "" },
  parts: {
    name,
    timeline,
    outbox,
    scroll,
    painter,
    announcer: new Announcer({ log: element("log"), line: element("news"), clock }),
    quotes,
    own,
    typing,
    toolbar,
    deeds,
    transcript: new Transcript({ list, bubbles, more }),
    pending: new Pending({ list: element("outbox"), bubbles, outbox, edit: (entry) => deeds.rewrite(entry) }),
    heading: new Heading({ document, title: element("title"), notice: element("notice") }),
    status: new Status({ root: element("status"), clock, retry: () => connection.open() }),
    roster: new Roster({
      root: element("people"),
      button: element("people-button"),
      template: element("person"),
    }),
    composer,
    joinForm: new JoinForm({
      form: element("join"),
      composer: element("composer"),
      join: (name) => session.rename(name),
      forget: () => identity.signOutOthers(),
    }),
  },
});

const session = new Session({
  send: (frame) => connection.send(frame),
  drop: (farewell) => connection.drop(farewell),
  name: () => name.text,
  token: () => identity.token,
  mistaken,
  epoch: state.epoch,
  seq: state.to,
  on: room.handlers,
});

const connection = new Connection({
  webSocket: () => attempt(aWebSocket, () => new RefusedSocket()),
  httpSocket: () => new HttpSocket({ ask, clock, me: () => identity.id, mistaken }),
  expects: () => outbox.expects,
  clock,
  random: Math.random,
  on: {
    open() {
      history.reconnected();
      identity.introduce(
        () => session.opened(),
        (reason) => connection.drop(reason),
      );
    },
    join: () => session.joinBeside(),
    follows: (join) => session.follows(join),
    frame: (frame) => session.receive(frame),
    quiet: () => session.ping(),
    state: (state) => room.connection(state),
  },
});

// The server doesn't know who we say we are: begin again.
function mistaken() {
  identity.forget();
  connection.drop();
}

room.start(state);
store.adopt();
connection.open();

let picker;
// Resolves to an emoji, or to null where none is picked or the picker can't be had.
async function pick() {
  try {
    const { Picker } = await import("./panels/picker.js");
    picker ??= new Picker({ rows: emojiRows, emoji: { search, toned }, recent, tone });
  } catch {
    word.say("The emoji could not be loaded. Try again.");
    return null;
  }
  return picker.pick();
}

// The address of a message.
function goToFragment() {
  const [, seq] = /^#m(\d+)$/.exec(location.hash) ?? [];
  if (seq) deeds.go(Number(seq));
}
goToFragment();
addEventListener("hashchange", goToFragment);
new Midnight({ clock, turned: () => painter.later() });
addEventListener("storage", ({ key }) => store.heard(key));
addEventListener("beforeunload", (event) => outbox.fleeting && event.preventDefault());
addEventListener("pagehide", () => {
  connection.rest();
  store.giveUp();
});
new Wakefulness({
  window,
  document,
  clock,
  woke() {
    painter.later();
    store.adopt();
    connection.check();
  },
});

// The watchdog looks at this: the page has started.
element("stuck").hidden = true;
