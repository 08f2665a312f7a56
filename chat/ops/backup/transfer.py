"""From SQLite to PostgreSQL: the same history, so pages go on as after a restart."""

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from django.apps import apps
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, connections, transaction
from django.db.models import Model

from chat.log import head
from chat.log.head import Head
from chat.ops.backup.files import Refused, alone
from chat.ops.backup.history import check, refuse_newer
from chat.ops.backup.postgresql import nobody_else, take_your_time

SOURCE = "sqlite"  # Django's name for the second database


def bring(file: Path) -> Head:
    """Fill the PostgreSQL database, which must have no messages, with what an SQLite file has."""
    if connection.vendor != "postgresql":
        raise Refused("DATABASE_URL must name the PostgreSQL database that it is to go to.")
    if not file.is_file():
        raise Refused(f"There is no file {file}.")
    connections.databases[SOURCE] = connections.databases["default"] | {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": f"file:{quote(str(file.absolute()))}?mode=ro",
        "OPTIONS": {"uri": True},
    }
    applied = check(str(file), SOURCE)
    refuse_newer(str(file), applied)
    with alone():
        nobody_else()
        take_your_time()
        call_command("migrate", interactive=False, verbosity=0)
        if head.read_head().seq:
            raise Refused("The PostgreSQL database has messages already.")
        if applied != check("The PostgreSQL database"):
            raise Refused(f"{file} was made by an older Simple chat: restore it to SQLite first.")
        _copy([model for model in apps.get_models(include_auto_created=True) if _is_table(model)])
    return head.read_head()


def _is_table(model: type[Model]) -> bool:
    return model._meta.managed and not model._meta.proxy


@transaction.atomic
def _copy(models: list[type[Model]]) -> None:
    """Rows as they are: through models, times of making would be made anew."""
    tables = [model._meta.db_table for model in models]
    with connection.cursor() as cursor:
        # What the migrations have made is in the file, too, under numbers of its own.
        for statement in connection.ops.sql_flush(no_style(), tables):
            cursor.execute(statement)
        for model in models:
            fields = model._meta.local_concrete_fields
            columns = ", ".join(
                connection.ops.quote_name(field.column) for field in fields if field.column
            )
            table = connection.ops.quote_name(model._meta.db_table)
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in _rows(model, [field.attname for field in fields]):
                    copy.write_row(row)
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def _rows(model: type[Model], names: list[str]) -> Iterable[tuple[object, ...]]:
    return model._base_manager.using(SOURCE).values_list(*names).iterator(2000)
