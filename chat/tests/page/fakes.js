// What the tests give the modules in place of time, sockets and each other.

import { Connection } from "../../../static/chat/connection/connection.js";
import { HttpSocket } from "../../../static/chat/connection/http_socket.js";
import { Identity } from "../../../static/chat/connection/identity.js";
import { makeAsk } from "../../../static/chat/connection/requests.js";
import { Session } from "../../../static/chat/connection/session.js";
import { Wakefulness } from "../../../static/chat/connection/wakefulness.js";
import { History } from "../../../static/chat/state/history.js";
import { Memory } from "../../../static/chat/state/memory.js";
import { Outbox } from "../../../static/chat/state/outbox.js";
import { OutboxStore } from "../../../static/chat/state/outbox_store.js";

export class Clock {
  #time = 0;
  #last = 0;
  #timers = new Map();

  now = () => this.#time;
  clearTimeout = (timer) => this.#timers.delete(timer);
  setTimeout = (action, delay) => {
    this.#timers.set(++this.#last, { action, due: this.#time + delay });
    return this.#last;
  };

  pass(seconds) {
    const end = this.#time + seconds * 1000;
    for (let next = this.#next(end); next; next = this.#next(end)) {
      const [timer, { action, due }] = next;
      this.#timers.delete(timer);
      this.#time = Math.max(this.#time, due);
      action();
    }
    this.#time = end;
  }

  // Time goes by without a timer, as for a machine that sleeps.
  sleep(seconds) {
    this.#time += seconds * 1000;
    this.pass(0);
  }

  #next(end) {
    const due = [...this.#timers].filter(([, timer]) => timer.due <= end);
    return due.sort(([, a], [, b]) => a.due - b.due)[0];
  }
}

export class Socket {
  static all = [];
  static get last() {
    return Socket.all.at(-1);
  }

  readyState = 0;
  closed = false;
  sent = [];

  constructor(kind) {
    this.kind = kind;
    Socket.all.push(this);
  }

  send(data) {
    this.sent.push(JSON.parse(data));
  }

  close() {
    this.closed = true;
  }

  opens() {
    this.readyState = 1;
    this.onopen();
  }

  hears(frame) {
    this.onmessage({ data: JSON.stringify(frame) });
  }

  welcomes() {
    this.opens();
    this.hears({ type: "hello" });
  }

  breaks() {
    this.readyState = 3;
    this.onclose?.();
  }
}

export const wire = (frame) => JSON.parse(JSON.stringify(frame));
export const HELLO = { type: "hello", epoch: "e", resumed: true, you: { id: "ada", name: "Ada" } };

export function aConnection(random = () => 0) {
  Socket.all = [];
  const clock = new Clock();
  const states = [];
  const events = [];
  const answers = { expected: false, follows: true };
  const on = {
    open: () => events.push("open"),
    join: () => ({ type: "join" }),
    follows: () => answers.follows,
    frame: ({ type }) => events.push(type),
    quiet: () => events.push("quiet") && connection.send({ type: "ping" }),
    state: (state) => states.push(wire(state)),
  };
  const [webSocket, httpSocket] = ["ws", "http"].map((kind) => () => new Socket(kind));
  const expects = () => answers.expected;
  const connection = new Connection({ webSocket, httpSocket, expects, clock, random, on });
  connection.open();
  return { connection, clock, states, events, answers };
}

export function overHttp() {
  const made = aConnection(() => 1);
  Socket.last.breaks();
  made.clock.pass(0.5);
  Socket.last.breaks();
  Socket.last.welcomes();
  return { ...made, http: Socket.last };
}

export function aWakefulness() {
  const [here, page, clock] = [new EventTarget(), new EventTarget(), new Clock()];
  let count = 0;
  const woke = () => {
    count += 1;
  };
  new Wakefulness({ window: here, document: page, clock, woke });
  return { here, page, clock, woken: () => count };
}

export function aSession(name, token) {
  const sent = [];
  const mistakes = [];
  const taken = [];
  const errors = [];
  const drops = [];
  const session = new Session({
    send: (frame) => sent.push(wire(frame)),
    drop: (farewell) => drops.push(farewell),
    name: () => name,
    token: () => token,
    mistaken: () => mistakes.push(token),
    epoch: "e",
    seq: 10,
    on: {
      hello() {},
      messages: ({ to }, afresh) => taken.push([to, afresh]),
      error: ({ code }) => errors.push(code),
    },
  });
  session.opened();
  const hears = (type, from, to) => session.receive({ type, from, to, epoch: "e", seq: to, messages: [] });
  return { session, sent, taken, errors, drops, mistakes, hears };
}

export const post = (text) => ({ type: "post", text });

export function anOutbox({ keeps = true } = {}) {
  const sent = [];
  const texts = [];
  const clock = new Clock();
  const stored = new Map();
  let number = 0;
  const outbox = new Outbox({
    send: ({ nonce, text }) => sent.push(nonce) && texts.push(text),
    store: {
      save: (entry) => stored.set(entry.nonce, wire(entry)),
      remove: (nonce) => stored.delete(nonce),
      keeps: () => keeps,
    },
    makeNonce: () => `n${++number}`,
    clock,
    random: () => 0.5,
    changed() {},
  });
  const states = () => Object.fromEntries(outbox.entries.map(({ nonce, state }) => [nonce, state]));
  return { outbox, sent, texts, states, clock, stored };
}

// Pages of one browser, each with its outbox store: they share the storage, and hear each other.
export class Browser {
  storage = {};
  pages = [];
  full = false;
  #api = {
    getItem: (key) => this.storage[key] ?? null,
    setItem: (key, value) => this.#write(key, value),
    removeItem: (key) => this.#write(key),
  };

  // By one of its pages, which hears nothing of it itself.
  clears(page) {
    this.storage = {};
    this.#acting = page;
    for (const other of this.#others(page)) other.store.heard(null);
  }

  opens(owner, clock = new Clock()) {
    const channel = {
      postMessage: (data) => {
        for (const { channel } of this.#others(page)) channel.onmessage({ data });
      },
    };
    const page = { owner, channel, has: new Set(), awake: true, clock };
    this.pages.push(page);
    const act = (action) => {
      this.#acting = page;
      return action();
    };
    const store = new OutboxStore({
      storage: () => new Proxy(this.storage, { get: (_, name) => this.#api[name] }),
      channel,
      owner,
      makeMark: () => `mark ${Math.random()}`,
      clock,
      adopted: (entries) => {
        for (const { nonce } of entries) page.has.add(nonce);
      },
      lost: (nonce) => page.has.delete(nonce),
    });
    page.store = store;
    page.writes = (nonce) => page.has.add(nonce) && act(() => store.save({ nonce, text: nonce, at: nonce }));
    page.finishes = (nonce) => page.has.delete(nonce) && act(() => store.remove(nonce));
    page.adopts = () => act(() => store.adopt());
    page.passes = (seconds) => act(() => clock.pass(seconds));
    page.goes = () => {
      act(() => store.giveUp());
      page.awake = false;
    };
    page.shows = () => [...page.has].sort();
    return page;
  }

  #acting;

  #others(page) {
    return this.pages.filter((other) => other !== page && other.awake);
  }

  #write(key, value) {
    if (value !== undefined && this.full) throw new Error("QuotaExceededError");
    if (value === undefined) delete this.storage[key];
    else this.storage[key] = value;
    for (const page of this.#others(this.#acting)) page.store.heard(key);
  }
}

// Answers to the requests of an HttpSocket, given one by one.
export function anHttpSocket() {
  const clock = new Clock();
  const { ask, requests } = aServer(clock);
  const frames = [];
  const mistakes = [];
  const socket = new HttpSocket({ ask, clock, me: () => "ada", mistaken: () => mistakes.push("me") && socket.close() });
  const opened = new Promise((resolve) => (socket.onopen = resolve));
  socket.onmessage = ({ data }) => frames.push(JSON.parse(data));
  socket.onclose = () => frames.push({ type: "closed" });
  const sends = (frame) => socket.send(JSON.stringify(frame));
  const page = (from, to, other = {}) => {
    const same = { epoch: "e", seq: to, from, to, messages: [], more: false, resumed: true };
    return { ...same, ...other };
  };
  const joined = async (name) => {
    await opened;
    sends({ type: "join", name, since: { epoch: "e", seq: 10 } });
    requests.at(-1).answer(200, page(11, 10));
    await settled();
  };
  return { socket, clock, requests, frames, mistakes, sends, page, settled, opened, joined };
}

export const settled = () => new Promise((resolve) => setTimeout(resolve));

// Requests that are answered one by one, or never.
export function aServer(clock, headers) {
  const requests = [];
  const fetch = (path, { body, signal, headers }) =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      const answer = (status, data) => resolve({ ok: status < 400, status, json: async () => wire(data) });
      requests.push({ path, body: body && JSON.parse(body), signal, headers, answer, fail: reject });
    });
  return { ask: makeAsk({ fetch, clock, headers }), requests };
}

export function aHistory() {
  const clock = new Clock();
  const { ask, requests } = aServer(clock);
  const [line, again] = [{ textContent: "" }, { hidden: true }];
  const pages = [];
  const timeline = { floor: 51 };
  const loaded = (page) => pages.push(page);
  const history = new History({ ask, clock, timeline, line, again, epoch: () => "e", loaded });
  return { history, clock, requests, line, again, pages };
}

export function anIdentity(cookies) {
  const clock = new Clock();
  const { ask, requests } = aServer(clock);
  const memory = new Memory(() => null, "token");
  return { identity: new Identity({ cookies, memory, ask }), requests, clock, memory };
}

export function message(seq, more = {}) {
  const at = "2026-11-22T12:00:00Z";
  return { seq, rev: seq, by: "ada", name: "Ada", text: `text ${seq}`, at, ...more };
}
