const WITHIN = 15_000;

// Requests that always end: with an answer, or aborted when their time is over or their signal says so.
// Gives ask(path, init), with `within` beside what fetch takes; resolves to { ok, status, body }.
// A body that is no JSON is an error, and so is one that doesn't come to its end.
export function makeAsk({ fetch, clock, headers = () => ({}) }) {
  return async (path, { within = WITHIN, signal, ...init } = {}) => {
    const ending = new AbortController();
    const abort = () => ending.abort();
    const late = clock.setTimeout(abort, within);
    signal?.addEventListener("abort", abort);
    try {
      signal?.throwIfAborted();
      const response = await fetch(path, {
        ...init,
        headers: { ...headers(), ...init.headers },
        signal: ending.signal,
      });
      return { ok: response.ok, status: response.status, body: await response.json() };
    } finally {
      clock.clearTimeout(late);
      signal?.removeEventListener("abort", abort);
    }
  };
}
