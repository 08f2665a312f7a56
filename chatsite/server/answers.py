"""Answers that the server gives by itself, before the application is asked. Pure."""

import math
from http import HTTPStatus


def answer(status: HTTPStatus, words: str = "", retry_after: float = 0.0) -> bytes:
    """A whole HTTP/1.1 response: a line in words; the connection ends with it.

    `retry_after`: seconds, of which the client is told whole ones; 0: it is told nothing.
    """
    body = f"{words or status.phrase}\n".encode()
    headers = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Connection: close",
        *([f"Retry-After: {math.ceil(retry_after)}"] if retry_after else []),
    ]
    return "\r\n".join([*headers, "", ""]).encode() + body
