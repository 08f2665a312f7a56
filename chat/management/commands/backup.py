"""`manage.py backup FILE`."""

from django.core.management.base import BaseCommand, CommandError

from chat.ops.backup import Refused, back_up


class Command(BaseCommand):
    help = (
        "Write the whole database to a file, while the room goes on. An older file of that name is "
        "replaced. Codes of strftime are filled in: chat-%a.sqlite3 is one for each weekday."
    )

    def add_arguments(self, parser):
        parser.add_argument("file")

    def handle(self, *args, file, **options):
        try:
            written = back_up(file)
        except Refused as reason:
            raise CommandError(f"There is no backup. {reason}") from reason
        self.stdout.write(f"The backup is {written}, {written.stat().st_size:,} bytes.")
