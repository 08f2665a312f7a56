"""The connection to the database: which one it is, and how it is let go."""

import sys
from typing import Any

from django.db import connection
from django.db.backends.signals import connection_created

READ_ONLY = "25006"  # PostgreSQL's code for: this server takes no writes


def which() -> str:
    """The database in words, without a password."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"SQLite {settings['NAME']}"
    port = settings["PORT"] or 5432
    return f"PostgreSQL {settings['NAME']} at {settings['HOST'] or 'this machine'}:{port}"


def say_which(**signal: Any) -> None:
    """Heard by each of manage.py's commands when it connects: it may be the wrong database."""
    connection_created.disconnect(say_which)
    print(f"Simple chat's database: {which()}", file=sys.stderr)


def close_pool() -> None:
    """To be called at exit: a pool that is still open then waits 5 s for each of its threads."""
    link: Any = connection  # no type says what only PostgreSQL's has
    if link.alias in getattr(link, "_connection_pools", {}):
        link.close()
        link.close_pool()


def let_go(error: BaseException) -> None:
    """Close the connection of this thread, truly: after a server's restart it is dead, whatever
    `error` says, and Django would give it back to the pool as it is."""
    _close()
    if sqlstate(error) == READ_ONLY:
        _leave_the_server()


def look_after() -> None:
    """The connection of this thread is used again; not one whose server takes no writes."""
    if connection.connection is not None and _takes_no_writes():
        _close()
        _leave_the_server()


def give_back() -> None:
    """Return the connection of this thread to the pool, looked after."""
    look_after()
    connection.close()


def _close() -> None:
    if connection.connection is not None and _is_pooled():
        connection.connection.close()
    connection.close()


def _leave_the_server() -> None:
    """It takes no writes, and another one may by now have its address: no connection to the old
    one is used again, for reading neither."""
    link: Any = connection
    # Django tells nobody which pools are open but so; server/test_foreign_names.py would tell.
    for pool in list(link._connection_pools.values()):
        pool.drain()


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's code for what went wrong, where that is where it comes from."""
    return getattr(error.__cause__, "sqlstate", None)


def _is_pooled() -> bool:
    return bool(connection.settings_dict["OPTIONS"].get("pool"))


def _takes_no_writes() -> bool:
    """PostgreSQL says so by itself, with its answers: this costs no question."""
    if connection.connection.closed:
        return False
    told = connection.connection.info.parameter_status
    return "on" in (told("in_hot_standby"), told("default_transaction_read_only"))
