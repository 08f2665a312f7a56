"""The way from a browser to a site, as it may be cut or refuse WebSockets: a TCP proxy."""

import contextlib
import socket
import threading
from urllib.parse import urlsplit

REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Network:
    """A proxy on a port of its own; the page's origin is its `url`."""

    def __init__(self, site_url: str):
        self.lead_to(site_url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._links: set[socket.socket] = set()
        self._is_cut = self._blocks_web_sockets = False
        threading.Thread(target=self._listen, daemon=True).start()

    def lead_to(self, url: str) -> None:
        """Whoever connects from now on comes there; what is connected stays where it is."""
        self._there = (urlsplit(url).hostname, urlsplit(url).port)

    def cut(self) -> None:
        """End what is connected, and let nothing through until it is mended."""
        self._is_cut = True
        self._end_all()

    def mend(self) -> None:
        self._is_cut = False

    def block_web_sockets(self) -> None:
        """Only plain HTTP gets through, as in some companies."""
        self._blocks_web_sockets = True
        self._end_all()

    def allow_web_sockets(self) -> None:
        self._blocks_web_sockets = False

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _end_all(self) -> None:
        for link in list(self._links):
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                threading.Thread(target=self._carry, args=self._listener.accept()[:1]).start()

    def _carry(self, browser: socket.socket) -> None:
        with contextlib.suppress(OSError), browser:
            head = browser.recv(65536)
            if self._is_cut or not head:
                return
            if self._blocks_web_sockets and b"upgrade: websocket" in head.lower():
                browser.sendall(REFUSAL)
                return
            with socket.create_connection(self._there) as server:
                self._links |= {browser, server}
                server.sendall(head)
                back = threading.Thread(target=self._pump, args=(server, browser))
                back.start()
                self._pump(browser, server)
                back.join()
        self._links -= {browser}

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
