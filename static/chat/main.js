import { Announcer } from "./announcer.js";
import { Bubbles } from "./bubbles.js";
import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { Dates } from "./dates.js";
import { Heading } from "./heading.js";
import { History } from "./history.js";
import { HttpSocket } from "./http_socket.js";
import { JoinForm } from "./join_form.js";
import { Memory } from "./memory.js";
import { Midnight } from "./midnight.js";
import { attempt, RefusedSocket, silence } from "./optional.js";
import { Outbox } from "./outbox.js";
import { OutboxStore } from "./outbox_store.js";
import { Painter } from "./painter.js";
import { Pending } from "./pending.js";
import { build, makeNonce } from "./protocol.js";
import { Room } from "./room.js";
import { Roster } from "./roster.js";
import { Scroll } from "./scroll.js";
import { Session } from "./session.js";
import { Status } from "./status.js";
import { Timeline } from "./timeline.js";
import { Transcript } from "./transcript.js";
import { Wakefulness } from "./wakefulness.js";

const element = (id) => document.getElementById(id);
const state = JSON.parse(element("state").textContent);
const aWebSocket = () => new WebSocket(new URL("/ws/chat/", location.href.replace(/^http/, "ws")));
const clock = { now: Date.now, setTimeout: setTimeout.bind(window), clearTimeout: clearTimeout.bind(window) };

const name = new Memory(() => localStorage, "chat.name");
const draft = new Memory(() => sessionStorage, "chat.draft");
const timeline = new Timeline();
const bubbles = new Bubbles({
  template: element("message"),
  dates: new Dates({ now: clock.now, lang: document.documentElement.lang }),
});
const store = new OutboxStore({
  storage: () => localStorage,
  channel: attempt(() => new BroadcastChannel("chat.outbox"), silence),
  owner: makeNonce(globalThis.crypto),
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
  fetch: (path) => fetch(path),
  clock,
  timeline,
  epoch: () => session.epoch,
  line: element("older"),
  loaded: (page) => room.prepend(page),
});

const room = new Room({
  me: { id: state.me, name: name.text ?? "" },
  parts: {
    name,
    timeline,
    outbox,
    scroll,
    painter,
    announcer: new Announcer({ log: element("log"), line: element("news"), clock }),
    transcript: new Transcript({ list: element("messages"), bubbles }),
    pending: new Pending({ list: element("outbox"), bubbles, outbox }),
    heading: new Heading({ document, title: element("title"), notice: element("notice") }),
    status: new Status({ root: element("status"), clock, retry: () => connection.open() }),
    roster: new Roster({
      root: element("people"),
      button: element("people-button"),
      template: element("person"),
    }),
    composer: new Composer({
      form: element("composer"),
      draft,
      limits: state.limits,
      enterBreaks: matchMedia("(hover: none) and (pointer: coarse)").matches,
      say: (text) => room.say(text),
      changeName: () => room.changeName(),
    }),
    joinForm: new JoinForm({
      form: element("join"),
      composer: element("composer"),
      join: (name) => session.rename(name),
    }),
  },
});

const session = new Session({
  send: (frame) => connection.send(frame),
  drop: (farewell) => connection.drop(farewell),
  name: () => name.text,
  epoch: state.epoch,
  seq: state.to,
  on: room.handlers,
});

const connection = new Connection({
  webSocket: () => attempt(aWebSocket, () => new RefusedSocket()),
  httpSocket: () => new HttpSocket({ fetch: (path, init) => fetch(path, init), clock, me: state.me }),
  clock,
  random: Math.random,
  on: {
    open: () => session.opened(),
    frame: (frame) => session.receive(frame),
    quiet: () => session.ping(),
    state: (state) => room.connection(state),
  },
});

room.start(state);
store.adopt();
connection.open();

new Midnight({ clock, turned: () => painter.later() });
addEventListener("storage", ({ key }) => store.heard(key));
addEventListener("pagehide", () => store.giveUp());
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

// What the watchdog looks at: from here on the page speaks for itself.
element("stuck").hidden = true;
