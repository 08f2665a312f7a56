// What the tests give the modules in place of time, sockets and each other.

import { Connection } from "../../../static/chat/connection.js";
import { HttpSocket } from "../../../static/chat/http_socket.js";
import { Outbox } from "../../../static/chat/outbox.js";
import { OutboxStore } from "../../../static/chat/outbox_store.js";
import { Session } from "../../../static/chat/session.js";
import { Wakefulness } from "../../../static/chat/wakefulness.js";

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

  constructor(kind) {
    this.kind = kind;
    Socket.all.push(this);
  }

  send() {}

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
  const on = {
    open: () => events.push("open"),
    frame: ({ type }) => events.push(type),
    quiet: () => events.push("quiet"),
    state: (state) => states.push(wire(state)),
  };
  const [webSocket, httpSocket] = ["ws", "http"].map((kind) => () => new Socket(kind));
  const connection = new Connection({ webSocket, httpSocket, clock, random, on });
  connection.open();
  return { connection, clock, states, events };
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
  const woke = () => void (count += 1);
  new Wakefulness({ window: here, document: page, clock, woke });
  return { here, page, clock, woken: () => count };
}

export function aSession(name) {
  const sent = [];
  const taken = [];
  const errors = [];
  const drops = [];
  const session = new Session({
    send: (frame) => sent.push(wire(frame)),
    drop: (farewell) => drops.push(farewell),
    name: () => name,
    epoch: "e",
    seq: 10,
    on: {
      hello() {},
      messages: ({ to }, afresh) => taken.push([to, afresh]),
      error: ({ code }) => errors.push(code),
    },
  });
  session.opened();
  const hears = (type, from, to) =>
    session.receive({ type, from, to, epoch: "e", seq: to, messages: [] });
  return { session, sent, taken, errors, drops, hears };
}

export function anOutbox() {
  const sent = [];
  const clock = new Clock();
  const stored = new Map();
  let number = 0;
  const outbox = new Outbox({
    send: ({ nonce }) => sent.push(nonce),
    store: { save: (entry) => stored.set(entry.nonce, wire(entry)), remove: (nonce) => stored.delete(nonce) },
    makeNonce: () => `n${++number}`,
    clock,
    random: () => 0.5,
    changed() {},
  });
  const states = () => Object.fromEntries(outbox.entries.map(({ nonce, state }) => [nonce, state]));
  return { outbox, sent, states, clock, stored };
}

// Pages of one browser, each with its outbox store: they share the storage, and hear each other.
export class Browser {
  storage = {};
  pages = [];
  #api = {
    getItem: (key) => this.storage[key] ?? null,
    setItem: (key, value) => this.#write(key, value),
    removeItem: (key) => this.#write(key),
  };

  opens(owner, clock = new Clock()) {
    const channel = { postMessage: (data) => this.#others(page).forEach(({ channel }) => channel.onmessage({ data })) };
    const page = { owner, channel, has: new Set(), awake: true, clock };
    this.pages.push(page);
    const act = (action) => (this.#acting = page) && action();
    const store = new OutboxStore({
      storage: () => new Proxy(this.storage, { get: (_, name) => this.#api[name] }),
      channel,
      owner,
      clock,
      adopted: (entries) => entries.forEach(({ nonce }) => page.has.add(nonce)),
      lost: (nonce) => page.has.delete(nonce),
    });
    page.store = store;
    page.writes = (nonce) => page.has.add(nonce) && act(() => store.save({ nonce, text: nonce, at: nonce }));
    page.adopts = () => act(() => store.adopt());
    page.passes = (seconds) => act(() => clock.pass(seconds));
    page.goes = () => act(() => store.giveUp()) || (page.awake = false);
    page.shows = () => [...page.has].sort();
    return page;
  }

  #acting;

  #others(page) {
    return this.pages.filter((other) => other !== page && other.awake);
  }

  #write(key, value) {
    if (value === undefined) delete this.storage[key];
    else this.storage[key] = value;
    for (const page of this.#others(this.#acting)) page.store.heard(key);
  }
}

// Answers to the requests of an HttpSocket, given one by one.
export function anHttpSocket() {
  const clock = new Clock();
  const requests = [];
  const frames = [];
  const socket = new HttpSocket({
    clock,
    me: "ada",
    fetch: (path, { body, signal }) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        const answer = (status, data) => resolve({ ok: status < 400, json: async () => wire(data) });
        requests.push({ path, body: body && JSON.parse(body), signal, answer, fail: reject });
      }),
  });
  const opened = new Promise((resolve) => (socket.onopen = resolve));
  socket.onmessage = ({ data }) => frames.push(JSON.parse(data));
  socket.onclose = () => frames.push({ type: "closed" });
  const sends = (frame) => socket.send(JSON.stringify(frame));
  const page = (from, to, other = {}) => {
    const same = { epoch: "e", seq: to, from, to, messages: [], more: false, resumed: true };
    return { ...same, ...other };
  };
  const settled = () => new Promise((resolve) => setTimeout(resolve));
  const joined = async (name) => {
    await opened;
    sends({ type: "join", name, since: { epoch: "e", seq: 10 } });
    requests.at(-1).answer(200, page(11, 10));
    await settled();
  };
  return { socket, clock, requests, frames, sends, page, settled, opened, joined };
}

export function message(seq, more = {}) {
  const at = "2026-11-22T12:00:00Z";
  return { seq, rev: seq, by: "ada", name: "Ada", text: `text ${seq}`, at, ...more };
}
