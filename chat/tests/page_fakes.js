// What test_page_modules.py gives the modules in place of time, sockets and each other.

class Clock {
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
      this.#time = due;
      action();
    }
    this.#time = end;
  }

  #next(end) {
    const due = [...this.#timers].filter(([, timer]) => timer.due <= end);
    return due.sort(([, a], [, b]) => a.due - b.due)[0];
  }
}

class Socket {
  static all = [];
  static get last() {
    return Socket.all.at(-1);
  }

  readyState = 0;
  closed = false;

  constructor() {
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

const wire = (frame) => JSON.parse(JSON.stringify(frame));
const HELLO = { type: "hello", epoch: "e", resumed: true, you: { id: "ada", name: "Ada" } };

function aConnection(random = () => 0) {
  const clock = new Clock();
  const states = [];
  const events = [];
  const on = {
    open: () => events.push("open"),
    frame: ({ type }) => events.push(type),
    quiet: () => events.push("quiet"),
    state: (state) => states.push(wire(state)),
  };
  const url = "ws://here/";
  const connection = new connections.Connection({ url, WebSocket: Socket, clock, random, on });
  connection.open();
  return { connection, clock, states, events };
}

function aSession(name) {
  const sent = [];
  const taken = [];
  const errors = [];
  const drops = [];
  const session = new sessions.Session({
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

function anOutbox() {
  const sent = [];
  let number = 0;
  const outbox = new outboxes.Outbox({
    send: ({ nonce }) => sent.push(nonce),
    makeNonce: () => `n${++number}`,
    now: () => 0,
    changed() {},
  });
  const states = () => Object.fromEntries(outbox.entries.map(({ nonce, state }) => [nonce, state]));
  return { outbox, sent, states };
}

function message(seq, more = {}) {
  const at = "2026-11-22T12:00:00Z";
  return { seq, rev: seq, by: "ada", name: "Ada", text: `text ${seq}`, at, ...more };
}
