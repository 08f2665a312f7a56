"""`manage.py bring_sqlite FILE`: the way from SQLite to PostgreSQL."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat.ops.backup.files import Refused
from chat.ops.backup.transfer import bring


class Command(BaseCommand):
    help = (
        "Fill a new PostgreSQL database, the one of DATABASE_URL, with all that an SQLite file of "
        "`backup` has: the same numbers and the same epoch, so that pages go on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            head = bring(file)
        except Refused as reason:
            raise CommandError(f"Nothing is brought. {reason}") from reason
        self.stdout.write(f"All is brought: {head.seq} numbers, in the same epoch, {head.epoch}.")
