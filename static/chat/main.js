import { Bubbles } from "./bubbles.js";
import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { Dates } from "./dates.js";
import { Heading } from "./heading.js";
import { History } from "./history.js";
import { JoinForm } from "./join_form.js";
import { Memory } from "./memory.js";
import { Outbox } from "./outbox.js";
import { Pending } from "./pending.js";
import { build, makeNonce } from "./protocol.js";
import { Room } from "./room.js";
import { Roster } from "./roster.js";
import { Scroll } from "./scroll.js";
import { Session } from "./session.js";
import { Status } from "./status.js";
import { Timeline } from "./timeline.js";
import { Transcript } from "./transcript.js";

const element = (id) => document.getElementById(id);
const state = JSON.parse(element("state").textContent);
const clock = { now: Date.now, setTimeout: setTimeout.bind(window), clearTimeout: clearTimeout.bind(window) };

const memory = new Memory(() => localStorage);
const timeline = new Timeline();
const bubbles = new Bubbles({
  template: element("message"),
  dates: new Dates({ now: clock.now, lang: document.documentElement.lang }),
});
const outbox = new Outbox({
  send: ({ nonce, text }) => connection.send(build.post({ nonce, text })),
  makeNonce: () => makeNonce(crypto),
  now: clock.now,
  changed: () => room.render(),
});
const scroll = new Scroll({ box: element("box"), pill: element("pill"), nearTop: () => history.older() });
const history = new History({
  fetch: (path) => fetch(path),
  clock,
  timeline,
  epoch: () => session.epoch,
  line: element("older"),
  loaded: (page) => room.prepend(page),
});

const room = new Room({
  me: { id: state.me, name: memory.name ?? "" },
  parts: {
    memory,
    timeline,
    outbox,
    scroll,
    transcript: new Transcript({ log: element("log"), bubbles, clock }),
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
  name: () => memory.name,
  epoch: state.epoch,
  seq: state.to,
  on: room.handlers,
});

const connection = new Connection({
  url: new URL("/ws/chat/", location.href.replace(/^http/, "ws")),
  WebSocket,
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
connection.open();

addEventListener("online", () => connection.check());
addEventListener("offline", () => connection.check());
document.addEventListener("visibilitychange", () => document.hidden || connection.check());
