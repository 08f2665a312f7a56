"""A client that keeps to no rule: it reads when the test says so, and never answers a ping."""

import json
import socket
import threading
import time
from pathlib import Path

from websockets.client import ClientProtocol
from websockets.frames import Opcode
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from chat.tests.support.site import Site

SMALL = 4096  # bytes that its own machine takes in for it
ESTABLISHED = "01"  # in /proc/net/tcp


class Rude:
    """One socket, joined without a name. What it sends and reads is WebSocket, no more."""

    def __init__(self, site: Site, process: int = 0):
        self._server = site.processes[process].port
        self._protocol = ClientProtocol(parse_uri(site.ws_urls[process]))
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        self._socket.connect(("127.0.0.1", self._server))
        self._port = self._socket.getsockname()[1]
        self._protocol.send_request(self._protocol.connect())
        self._socket.sendall(self._written())
        while self._protocol.state is not OPEN:
            self._read()
        self.sends({"type": "join"})
        while "messages" not in {frame["type"] for frame in self._read()}:
            pass

    @property
    def close_code(self) -> int | None:
        """With which code the server said that it closes, as far as that was read."""
        return self._protocol.close_rcvd and self._protocol.close_rcvd.code

    def sends(self, frame: dict) -> None:
        self._protocol.send_text(json.dumps(frame).encode())
        self._socket.sendall(self._written())

    def closes(self) -> None:
        """Say so, and wait for nothing."""
        self._protocol.send_close(1000)
        self._socket.sendall(self._written())

    def keeps_sending(self, frame: dict) -> None:
        """Send that frame without end, until the connection is cut."""
        self._protocol.send_text(json.dumps(frame).encode())
        frames = 100 * self._written()

        def send():
            try:
                while True:
                    self._socket.sendall(frames)
            except OSError:
                pass

        threading.Thread(target=send, daemon=True).start()

    def is_connected(self) -> bool:
        """Whether the server holds the connection; asked of the kernel, so nothing is read."""
        ends = [f"0100007F:{self._server:04X}", f"0100007F:{self._port:04X}", ESTABLISHED]
        rows = Path("/proc/net/tcp").read_text().splitlines()
        return any(row.split()[1:4] == ends for row in rows)

    def reads_on(self, seconds: float) -> list[dict]:
        """Take in what comes until the server ends the connection; return the frames."""
        end, frames = time.monotonic() + seconds, []
        while (left := end - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                frames += self._read()
            except (TimeoutError, ConnectionError, EOFError):
                break
        return frames

    def drops(self) -> None:
        self._socket.close()

    def _read(self) -> list[dict]:
        if not (data := self._socket.recv(65536)):
            raise EOFError
        self._protocol.receive_data(data)
        events = self._protocol.events_received()
        texts = [event for event in events if getattr(event, "opcode", None) is Opcode.TEXT]
        return [json.loads(event.data) for event in texts]

    def _written(self) -> bytes:
        return b"".join(self._protocol.data_to_send())
