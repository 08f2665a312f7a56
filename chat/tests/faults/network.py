"""The way from a browser to a site, as it may break or refuse WebSockets: a TCP proxy."""

import contextlib
import itertools
import socket
import threading
from urllib.parse import urlsplit

REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Network:
    """A proxy on a port of its own; the page's origin is its `url`.

    To several processes it goes in turn, request for request, as a router without sticky sessions.
    """

    def __init__(self, *urls: str):
        self.leads_to(*urls)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.handshakes = 0  # of WebSockets
        self._links: set[socket.socket] = set()
        self._deaf: set[socket.socket] = set()  # browsers that get nothing more
        self._is_cut = self._keeps_cookies_away = False
        self._web_sockets = "pass"
        threading.Thread(target=self._listen, daemon=True).start()

    def leads_to(self, *urls: str) -> None:
        """Whoever connects from now on comes there; what is connected stays where it is."""
        places = [(urlsplit(url).hostname, urlsplit(url).port) for url in urls]
        self._several = len(places) > 1
        self._places = itertools.cycle(places)

    def cut(self) -> None:
        """End what is connected, and let nothing through until it is mended."""
        self._is_cut = True
        self._end_all()

    def mend(self) -> None:
        self._is_cut = False

    def block_web_sockets(self) -> None:
        """Only plain HTTP gets through, as in some companies."""
        self._treat_web_sockets("refuse")

    def swallow_frames(self) -> None:
        """The handshakes of WebSockets pass, their frames don't, as with some antivirus."""
        self._treat_web_sockets("swallow")

    def cut_web_sockets(self) -> None:
        """Each WebSocket ends soon after it has been welcomed."""
        self._treat_web_sockets("cut")

    def allow_web_sockets(self) -> None:
        self._web_sockets = "pass"

    def mute(self) -> None:
        """Whoever is connected gets no answer any more, and isn't told; what they send arrives."""
        self._deaf |= self._links

    def keep_cookies_away(self) -> None:
        """No cookie reaches a browser, as if it took none."""
        self._keeps_cookies_away = True

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _treat_web_sockets(self, how: str) -> None:
        self._web_sockets = how
        self._end_all()

    def _end_all(self) -> None:
        for link in list(self._links):
            _end(link)

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                threading.Thread(target=self._carry, args=self._listener.accept()[:1]).start()

    def _carry(self, browser: socket.socket) -> None:
        with contextlib.suppress(OSError), browser:
            head = browser.recv(65536)
            if self._is_cut or not head:
                return
            is_web_socket = b"upgrade: websocket" in head.lower()
            self.handshakes += is_web_socket
            how = self._web_sockets if is_web_socket else "pass"
            if how == "refuse":
                browser.sendall(REFUSAL)
                return
            if self._several:
                head = head.replace(b"\r\nConnection: keep-alive", b"\r\nConnection: close")
            with socket.create_connection(next(self._places)) as server:
                self._links |= {browser, server}
                server.sendall(head)
                if how == "swallow":
                    browser.sendall(server.recv(65536))
                    self._deaf.add(browser)
                if how == "cut":
                    threading.Timer(0.3, _end, args=[browser]).start()
                back = threading.Thread(target=self._answer, args=(server, browser))
                back.start()
                self._pump(browser, server)
                back.join()
        self._links -= {browser}
        self._deaf -= {browser}

    def _pump(self, browser: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := browser.recv(65536):
                server.sendall(data)
        for end in (browser, server):
            _end(end)

    def _answer(self, server: socket.socket, browser: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if self._keeps_cookies_away:
                    data = data.replace(b"Set-Cookie:", b"No-Cookies:")
                if browser not in self._deaf:
                    browser.sendall(data)
        for end in (browser, server):
            _end(end)


def _end(link: socket.socket) -> None:
    with contextlib.suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)
