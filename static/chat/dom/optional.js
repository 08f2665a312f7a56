// What a browser may lack or forbid: `make()`, or what stands in for it.
export function attempt(make, standIn) {
  try {
    return make();
  } catch {
    return standIn();
  }
}

// In place of a WebSocket that can't be made: it behaves like one that is refused.
export class RefusedSocket {
  readyState = 3;

  constructor() {
    queueMicrotask(() => this.onclose?.());
  }

  send() {}

  close() {
    this.onclose = null;
  }
}

// In place of a BroadcastChannel: as if no other page were open.
export const silence = () => ({ postMessage() {} });
