"""Files that are whole or not there, and the certainty that no process of the site runs."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

SQLITES_OTHERS = ("-wal", "-shm")  # what SQLite keeps beside a database that is open


class Refused(Exception):
    """It can't be done, in words; what was there is as it was."""


@contextlib.contextmanager
def beside(file: Path) -> Iterator[Path]:
    """An empty file in the same folder, mode 0600; it is gone at the end, unless it was moved."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    os.close(handle)
    try:
        yield Path(name)
    finally:
        for end in ("", *SQLITES_OTHERS):
            Path(name + end).unlink(missing_ok=True)


def put_in_place(made: Path, file: Path) -> None:
    """One step, which a power cut does not undo: there is the old one or the new one."""
    for path in (made, made.parent):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
            if path == made:
                os.replace(made, file)
        finally:
            os.close(handle)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """No process of the site runs on this CHAT_DATA, and none can start."""
    with open(settings.DATA_DIR / "lock", "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refused("A process is running: stop every process first.") from error
        yield
