"""`manage.py restore FILE`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat.log.database import say_which
from chat.ops.backup import restore
from chat.ops.backup.files import Refused


class Command(BaseCommand):
    help = (
        "Put back a database that `backup` has written, under a new epoch: pages that are open "
        "start afresh. Stop every process first."
    )
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        say_which()  # before it connects: first of all it does to a copy
        try:
            head, kept = restore(file)
        except Refused as reason:
            raise CommandError(f"Nothing is restored. {reason}") from reason
        self.stdout.write(f"{file} is restored: {head.seq} numbers, and a new epoch, {head.epoch}.")
        if kept:
            self.stdout.write(f"What was there before is {kept}: delete it when all is well.")
