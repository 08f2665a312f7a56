"""`manage.py backup FILE`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat.ops.backup import back_up
from chat.ops.backup.files import Refused


class Command(BaseCommand):
    help = (
        "Write the whole database to a file, while the room goes on. An older file of that name is "
        "replaced. Codes of strftime are filled in: chat-%a.sqlite3 is one for each weekday."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        try:
            written = back_up(file)
        except Refused as reason:
            raise CommandError(f"There is no backup. {reason}") from reason
        self.stdout.write(f"The backup is {written}, {written.stat().st_size:,} bytes.")
