"""What a database must be to be put back, and what it gets then."""

from django.core.management import call_command
from django.db import DatabaseError, connections
from django.db.migrations.loader import MigrationLoader

from chat.log import head
from chat.log.head import Head
from chat.ops.backup.files import Refused


def check(what: str, alias: str = "default") -> set[tuple[str, str]]:
    """The migrations that a database has had. Refused: it isn't ours."""
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT epoch, seq FROM chat_log")
            rows = cursor.fetchall()
            cursor.execute("SELECT app, name FROM django_migrations")
            applied = set(cursor.fetchall())
    except DatabaseError as error:
        raise Refused(f"{what} has no Simple chat in it: {error}.") from error
    if len(rows) != 1:
        raise Refused(f"{what} has no history in it.")
    return applied


def refuse_newer(what: str, applied: set[tuple[str, str]]) -> None:
    """This code can't know what a newer one's tables mean."""
    unknown = sorted(".".join(one) for one in applied - set(MigrationLoader(None).disk_migrations))
    if unknown:
        raise Refused(f"{what} is a newer Simple chat's, which has {', '.join(unknown)}.")


def begin_anew() -> Head:
    """The epoch first: pages that are open know messages that this database does not have."""
    now = head.begin_anew()
    call_command("migrate", interactive=False, verbosity=0)
    return now
