"""One process at a time on a folder."""

import fcntl
import os
from pathlib import Path


class Taken(Exception):
    """Another process holds it: which one is its text."""


def hold(file: Path) -> None:
    """Hold `file` until this process ends, however it ends: the system lets go of it.

    Raises `Taken`, or `OSError`.
    """
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with os.fdopen(handle) as opened:
            raise Taken(f"process {opened.read().strip() or 'unknown'}") from None
    os.ftruncate(handle, 0)
    os.write(handle, f"{os.getpid()}\n".encode())
