"""A text in, the same text out to everybody: what a library's own broadcast example does."""

from bench.protocols.base import BaseClient, stamped


class Client(BaseClient):
    def say(self):
        self.send(stamped())
