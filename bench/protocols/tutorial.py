"""The chat of the Channels tutorial: `{"message": …}` in and out."""

import json

from bench.protocols.base import BaseClient, stamped


class Client(BaseClient):
    path = "/ws/chat/lobby/"
    headers = {"Origin": "http://127.0.0.1"}  # its pages are the server's own

    def say(self):
        self.send(json.dumps({"message": stamped()}))
