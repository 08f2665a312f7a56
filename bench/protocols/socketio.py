"""Socket.IO 5 on Engine.IO 4, over WebSocket from the start."""

import json

from bench.protocols.base import BaseClient, stamped


class Client(BaseClient):
    path = "/socket.io/?EIO=4&transport=websocket"

    def join(self):
        """The server speaks first."""

    def say(self):
        event = ["message", {"username": self.name, "message": stamped()}]
        self.send("42" + json.dumps(event, separators=(",", ":")))

    def meet(self, payload):
        if payload == b"2":  # ping
            self.send("3")
        elif payload.startswith(b"0"):  # Engine.IO is open
            self.send("40")
        elif payload.startswith(b"40"):  # connected to the default namespace
            self.entered()
        elif payload.startswith(b"42"):
            return super().meet(payload)
        return None
