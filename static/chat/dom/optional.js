// What a browser may lack or forbid: `make()`, or what stands in for it.
export function attempt(make, standIn) {
  try {
    return make();
  } catch {
    return standIn();
  }
}

// In place of a WebSocket that can't even be made: as one that is refused.
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

// In place of a BroadcastChannel: nobody else is there.
export const silence = () => ({ postMessage() {} });
