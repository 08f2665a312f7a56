"""The whole database in one file: written while the room goes on, put back, brought elsewhere."""

import contextlib
import os
import time
from pathlib import Path

from django.db import DatabaseError, connection

from chat.log.database import which
from chat.log.head import Head
from chat.ops.backup import postgresql, sqlite
from chat.ops.backup.files import Refused, alone, beside, put_in_place
from chat.ops.backup.history import check

WAYS = {"sqlite": sqlite, "postgresql": postgresql}
BEGINS = (b"SQLite format 3\0", b"PGDMP")  # what a file must begin with that may be replaced


def back_up(pattern: str) -> Path:
    """Write the file that `pattern` names, which may have strftime's codes.

    It takes the place of an older one when it is whole and on the disk, never before.
    """
    file = Path(time.strftime(pattern)).absolute()
    _may_be_replaced(file)
    check(which())  # the wrong one would be an empty one
    try:
        with beside(file) as made:
            WAYS[connection.vendor].write(made)
            put_in_place(made, file)
    except (OSError, DatabaseError) as error:
        raise Refused(f"{file} can't be written: {error}") from error
    return file


def _beginning(file: Path) -> bytes:
    with contextlib.suppress(FileNotFoundError), file.open("rb") as opened:
        return opened.read(16)
    return b""


def _may_be_replaced(file: Path) -> None:
    try:
        found = _beginning(file)
    except OSError as error:
        raise Refused(f"{file} can't be replaced: {error}.") from error
    if found and not found.startswith(BEGINS):
        raise Refused(f"{file} is there, and is no backup.")
    if connection.vendor == "sqlite" and found and file.samefile(sqlite.place()):
        raise Refused(f"{file} is the database itself.")


def restore(file: Path) -> tuple[Head, Path | None]:
    """Put back the database that is in `file`, under a new epoch, while no process runs.

    Returns where it stands, and where the one is kept that was there before, if it is.
    """
    if not os.access(file, os.R_OK):
        raise Refused(f"{file} is not there, or not for this user to read.")
    with alone():
        restored: tuple[Head, Path | None] = WAYS[connection.vendor].read(file)
        return restored
