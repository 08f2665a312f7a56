"""`manage.py new_epoch`: the last step of restoring a database."""

from typing import Any

from django.core.management.base import BaseCommand

from chat.log import head, upkeep


class Command(BaseCommand):
    help = (
        "Mark the history as another one, after a restore: pages that have seen messages which "
        "the restored database does not have then start afresh instead of missing new ones."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        upkeep.mend()
        self.stdout.write(f"The history's epoch is now {head.begin_anew().epoch}.")
