"""PostgreSQL: its own tools do it. The password goes to them by their environment."""

import os
import subprocess
from pathlib import Path

from django.db import connection
from django.db.backends.postgresql.client import DatabaseClient

from chat.log.head import Head
from chat.ops.backup.files import Refused
from chat.ops.backup.history import begin_anew, refuse_newer

OURS_ALONE = ("--no-owner", "--no-privileges")  # whoever restores may have another name


def write(made: Path) -> None:
    _run("pg_dump", *_where(), "--format=custom", *OURS_ALONE, f"--file={made}")


def read(file: Path) -> tuple[Head, None]:
    if " public chat_log " not in _run("pg_restore", "--list", str(file)):
        raise Refused(f"{file} has no Simple chat in it.")
    refuse_newer(str(file), _applied(file))
    nobody_else()
    connection.close()
    replace = ("--clean", "--if-exists", "--single-transaction", "--exit-on-error")
    _run("pg_restore", *_where(), *replace, *OURS_ALONE, str(file))
    take_your_time()
    return begin_anew(), None


def _applied(file: Path) -> set[tuple[str, str]]:
    """The migrations, by the lines `id app name applied` in which they are written down."""
    listed = _run("pg_restore", "--data-only", "--table=django_migrations", "--file=-", str(file))
    rows = (line.split("\t") for line in listed.splitlines())
    return {(row[1], row[2]) for row in rows if len(row) == 4}


def nobody_else() -> None:
    """Refused: somebody is connected to the database."""
    connection.settings_dict["OPTIONS"].pop("pool", None)  # its spare ones would look like others
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        (others,) = cursor.fetchone()
    if others:
        raise Refused(f"The database has {others} connections: stop every process first.")


def take_your_time() -> None:
    """What visitors' queries may take is too little for a whole history."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")


def _where() -> list[str]:
    (_, *where, name), _ = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])
    return [*where, f"--dbname={name}"]


def _run(*command: str) -> str:
    _, secrets = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])
    env = os.environ | (secrets or {})
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True)
    except FileNotFoundError as error:
        hint = "On Debian or Ubuntu: apt-get install postgresql-client."
        raise Refused(f"There is no {command[0]} here. {hint}") from error
    if done.returncode:
        raise Refused(f"{command[0]} says: {' '.join(done.stderr.split())}")
    return done.stdout
