"""Somebody who comes over HTTP."""

import threading
import uuid


class Caller:
    """Somebody without WebSockets: a cookie, and requests."""

    def __init__(self, site, name=None, *, process=0, **headers):
        self.site, self.name, self.process = site, name, process
        self.headers = {"Cookie": site.cookie(), **headers}

    def posts(self, text, nonce=None, **fields):
        """POST one message; the whole response."""
        data = {"nonce": nonce or str(uuid.uuid4()), "text": text, **fields}
        if self.name:
            data.setdefault("name", self.name)
        return self.site.request(
            "/api/messages", data, headers=dict(self.headers), process=self.process
        )

    def says(self, text, nonce=None):
        """POST one message, which must be new; its seq."""
        answer = self.posts(text, nonce)
        assert answer.status == 201, answer.body
        return answer.json()["seq"]

    def reads(self, after=None, *, epoch=None, wait=None):
        """GET what came after; the answer's object."""
        given = {"after": after, "epoch": epoch, "wait": wait}
        query = "&".join(f"{name}={value}" for name, value in given.items() if value is not None)
        answer = self.site.request(
            f"/api/messages?{query}", headers=dict(self.headers), process=self.process
        )
        assert answer.status == 200, answer.body
        return answer.json()

    def hears_later(self, after, epoch):
        """Start a long poll; a function that gives its answer."""
        answers = []
        waiting = threading.Thread(
            target=lambda: answers.append(self.reads(after, epoch=epoch, wait=25))
        )
        waiting.start()

        def answer():
            waiting.join(30)
            return answers[0]

        return answer


def texts(page):
    return [message["text"] for message in page["messages"]]
