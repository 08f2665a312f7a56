import { decode, encode } from "./protocol.js";

const PATH = "/api/member";
const JSON_TYPE = { "Content-Type": "application/json" };
const COOKIE = /(?:^|; *)me=([^;]+)/;

// Who this browser is to the server. A cookie that no script can read says so; beside it lies
// `me`, our id, which shows us that cookies are kept. Where they are not, a token says who we are.
export class Identity {
  #parts;
  #asking = new AbortController();
  #mistaken = null; // the id in a cookie that the server doesn't know

  // cookies(): document.cookie, may throw; memory: of the token; ask(path, init)
  constructor(parts) {
    this.#parts = parts;
  }

  // Null before it is known.
  get id() {
    return this.#cookie() ?? this.#given.id ?? null;
  }

  // Undefined where a cookie says it.
  get token() {
    return this.#cookie() ? undefined : this.#given.token;
  }

  get headers() {
    return this.token ? { Authorization: `Member ${this.token}` } : {};
  }

  // Calls known() as soon as we are somebody, at once where we are; failed(why?) if that can't be had.
  introduce(known, failed) {
    this.#asking.abort();
    if (this.id) known();
    else this.#ask(known, failed);
  }

  // Whatever else was let in as us is nobody's: resolves to whether it is so. We get a new cookie
  // or token, and soon the server closes our socket, too, as it was opened with the old one.
  async signOutOthers() {
    const init = { method: "POST", headers: JSON_TYPE, body: encode({ forget: true }) };
    const { ok, body } = await this.#parts.ask(PATH, init).catch(() => ({}));
    if (ok && body.token) this.#parts.memory.text = encode(body);
    return Boolean(ok);
  }

  // The server does not know what we said we are.
  forget() {
    this.#mistaken = this.#cookie() ?? this.#mistaken;
    this.#parts.memory.text = "";
  }

  async #ask(known, failed) {
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    const { ok, body } = await this.#parts.ask(PATH, { method: "POST", signal }).catch(() => ({}));
    if (signal.aborted) return;
    if (!ok) return failed(body);
    this.#parts.memory.text = encode(body);
    known();
  }

  get #given() {
    return decode(this.#parts.memory.text || "{}");
  }

  #cookie() {
    try {
      const id = COOKIE.exec(this.#parts.cookies())?.[1] ?? null;
      return id === this.#mistaken ? null : id;
    } catch {
      return null;
    }
  }
}
