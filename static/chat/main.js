import { Connection } from "./connection/connection.js";
import { HttpSocket } from "./connection/http_socket.js";
import { Identity } from "./connection/identity.js";
import { build, makeNonce } from "./connection/protocol.js";
import { makeAsk } from "./connection/requests.js";
import { Session } from "./connection/session.js";
import { Wakefulness } from "./connection/wakefulness.js";
import { attempt, RefusedSocket, silence } from "./dom/optional.js";
import { Painter } from "./dom/painter.js";
import { Announcer } from "./messages/announcer.js";
import { Bubbles } from "./messages/bubbles.js";
import { Dates } from "./messages/dates.js";
import { Folds } from "./messages/folds.js";
import { Midnight } from "./messages/midnight.js";
import { Pending } from "./messages/pending.js";
import { Scroll } from "./messages/scroll.js";
import { Transcript } from "./messages/transcript.js";
import { Room } from "./page.js";
import { Composer } from "./panels/composer.js";
import { Heading } from "./panels/heading.js";
import { JoinForm } from "./panels/join_form.js";
import { Roster } from "./panels/roster.js";
import { Status } from "./panels/status.js";
import { History } from "./state/history.js";
import { Memory } from "./state/memory.js";
import { Outbox } from "./state/outbox.js";
import { OutboxStore } from "./state/outbox_store.js";
import { Timeline } from "./state/timeline.js";

const element = (id) => document.getElementById(id);
const state = JSON.parse(element("state").textContent);
const aWebSocket = () => new WebSocket(new URL("/ws/chat/", location.href.replace(/^http/, "ws")));
const clock = { now: Date.now, setTimeout: setTimeout.bind(window), clearTimeout: clearTimeout.bind(window) };

const name = new Memory(() => localStorage, "chat.name");
const draft = new Memory(() => sessionStorage, "chat.draft");
const ask = makeAsk({ fetch: (path, init) => fetch(path, init), clock, headers: () => identity.headers });
const identity = new Identity({
  cookies: () => document.cookie,
  memory: new Memory(() => sessionStorage, "chat.token"),
  ask,
});
const timeline = new Timeline();
const bubbles = new Bubbles({
  template: element("message"),
  dates: new Dates({ now: clock.now, lang: document.documentElement.lang }),
  folds: new Folds(),
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
  send: ({ nonce, text }) => connection.send(build.post({ nonce, text })),
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

const composer = new Composer({
  form: element("composer"),
  draft,
  limits: state.limits,
  enterBreaks: matchMedia("(hover: none) and (pointer: coarse)").matches,
  say: (text) => room.say(text),
  changeName: () => room.changeName(),
});
const room = new Room({
  me: { id: identity.id ?? "", name: name.text ?? "" },
  parts: {
    name,
    timeline,
    outbox,
    scroll,
    painter,
    announcer: new Announcer({ log: element("log"), line: element("news"), clock }),
    transcript: new Transcript({ list: element("messages"), bubbles }),
    pending: new Pending({ list: element("outbox"), bubbles, outbox, edit: (text) => composer.edit(text) }),
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
