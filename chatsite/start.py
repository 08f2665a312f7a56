"""What is wrong at the start is said in one line, on stderr; then the process ends."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from typing import NoReturn

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, connection

from chat.log.database import which


def refuse(why: object) -> NoReturn:
    """End this process at once. (`sys.exit` would end a thread only: `runserver` serves in one.)"""
    print(_line(why), file=sys.stderr, flush=True)
    os._exit(1)


@contextlib.contextmanager
def in_one_line() -> Iterator[None]:
    """For what reads the settings: a traceback would hide what is wrong with them."""
    try:
        yield
    except ImproperlyConfigured as error:
        sys.exit(_line(error))


@contextlib.contextmanager
def with_the_database() -> Iterator[None]:
    """`in_one_line`, for commands: they need a database, too. `--traceback` shows all there is."""
    if "runserver" not in sys.argv:
        logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)  # its reason is said here
    try:
        yield
    except (DatabaseError, InterfaceError) as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(_line(f"{which()} can't be used: {_reason(error)}"))


def _reason(error: Exception) -> Exception:
    """A pool says that it has no connection, and not why; a connection of one's own does."""
    if type(error.__cause__).__name__ == "PoolTimeout":
        import psycopg

        try:
            psycopg.connect(**connection.get_connection_params()).close()
        except psycopg.Error as why:
            return why
    return error


def _line(why: object) -> str:
    return " ".join(f"Simple chat can't start: {why}".split())
