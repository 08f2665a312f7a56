"""Simple chat's protocol (docs/PROTOCOL.md). Every client has its own name, and may resume."""

import json
import re
import secrets

from bench.protocols.base import BaseClient, Batch, stamped

STATE = re.compile(r'<script id="state" type="application/json">(.*?)</script>', re.DOTALL)


class Client(BaseClient):
    path = "/ws/chat/"
    epoch: str | None = None
    position: int | None = None  # all numbers up to this one have come

    def saw(self, page):
        """It goes on from what the page shows, as its script does."""
        if found := STATE.search(page):
            state = json.loads(found[1])
            self.epoch, self.position = state["epoch"], state["to"]

    def join(self):
        frame = {"type": "join", "name": self.name}
        if self.epoch and self.position is not None:
            frame["since"] = {"epoch": self.epoch, "seq": self.position}
        self.send(json.dumps(frame))

    def say(self):
        self.unanswered += 1
        nonce = secrets.token_hex(8)
        self.send(f'{{"type":"post","nonce":"{nonce}","text":"{stamped()}"}}')

    def react(self, seq, emoji):
        nonce = secrets.token_hex(8)
        frame = {"type": "react", "nonce": nonce, "seq": seq, "emoji": emoji, "on": True}
        self.send(json.dumps(frame))

    def beat(self):
        self.send(f'{{"type":"ping","seq":{self.position or 0}}}')

    def meet(self, payload):
        frame = json.loads(payload)
        match frame["type"]:
            case "messages":
                return Batch.of(payload, frame["from"], frame["to"])
            case "accepted" if "rev" not in frame:  # of a reaction
                self.unanswered -= 1
                self.accepted += 1
            case "rejected":
                self.unanswered -= 1
                self.rejected += 1
            case "hello":
                self.epoch = frame["epoch"]
                if not frame["resumed"]:
                    self.position = None
            case "error" | "bye":
                self.rejected += 1
        return None

    def note(self, batch, size):
        expected = batch.first if self.position is None else self.position + 1
        self.gaps += batch.first != expected or size != batch.size
        self.position = batch.last
        self.entered()
