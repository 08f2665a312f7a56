"""How many requests one address may send: asked by the server before the application works."""

from django.conf import settings

from chat.policy.budgets import Budget, attempt

FILES = 20  # static files for each other request: a page has dozens, and they cost little


class Requests:
    """Counts requests, and handshakes of WebSockets."""

    def __init__(self) -> None:
        self._pages, self._files = Budget("requests, too fast"), Budget("static files, too fast")
        self._handshakes = Budget("handshakes, too fast")

    def admit(self, address: str | None, kind: str, path: str) -> float:
        """0, or the seconds after which to come again. `kind` is `request` or `handshake`."""
        budget, rate, part = self._pages, settings.CHAT_REQUEST_RATE, 1
        if kind == "handshake":
            budget, rate = self._handshakes, settings.CHAT_HANDSHAKE_RATE
        elif path.startswith(settings.STATIC_URL):
            budget, part = self._files, FILES
        return attempt(budget.of_address(address, rate, part=part))


requests = Requests()
