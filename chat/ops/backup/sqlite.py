"""SQLite: a database is a file, and beside it what is not yet in it."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from django.db import connection

from chat.log.head import Head
from chat.ops.backup.files import SQLITES_OTHERS, Refused, beside, put_in_place
from chat.ops.backup.history import begin_anew, check, refuse_newer


def place() -> Path:
    return Path(connection.settings_dict["NAME"])


def write(made: Path) -> None:
    """One moment's state, with what is in the -wal; nobody's post waits for it."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(made)])


def read(file: Path) -> tuple[Head, Path | None]:
    """All is done to a copy, which then takes the database's place in one step."""
    target = place()
    with beside(target) as made:
        _copy(file, made)
        with _connected_to(made):
            refuse_newer(str(file), check(str(file)))
            head = begin_anew()
        kept = _keep(target)
        put_in_place(made, target)
    return head, kept


def _copy(file: Path, made: Path) -> None:
    """By SQLite itself: what lies beside `file` belongs to it."""
    source = f"file:{quote(str(file.absolute()))}?mode=ro"
    with (
        contextlib.closing(sqlite3.connect(source, uri=True)) as old,
        contextlib.closing(sqlite3.connect(made)) as new,
    ):
        try:
            (found,) = old.execute("PRAGMA quick_check(1)").fetchone()
            old.backup(new)
        except sqlite3.Error as error:
            found = error
    if found != "ok":
        raise Refused(f"{file} is no SQLite database that is whole: {found}.")


@contextlib.contextmanager
def _connected_to(file: Path) -> Iterator[None]:
    """Django's connection is to that file meanwhile."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = str(file)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _keep(database: Path) -> Path | None:
    """Give the database a second name, under which it stays."""
    if not database.exists():
        return None
    _close(database)
    kept = database.with_name(f"{database.name}.before-{time.strftime('%Y%m%d-%H%M%S')}")
    os.link(database, kept)
    for end in SQLITES_OTHERS:  # of one that is damaged
        with contextlib.suppress(FileNotFoundError):
            os.rename(f"{database}{end}", f"{kept}{end}")
    return kept


def _close(database: Path) -> None:
    """Bring all that is beside the file into it, which needs that nobody has it open."""
    with contextlib.closing(sqlite3.connect(database, timeout=0)) as link:
        try:
            link.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError as error:
            raise Refused(f"{database} is open ({error}): stop every process first.") from error
        except sqlite3.DatabaseError:
            pass  # what can't be read is kept as it is
