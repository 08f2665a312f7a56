#!/usr/bin/env python
"""Django's command line."""

import os
import sys

from django.db.backends.signals import connection_created

from chat.log.database import say_which
from chatsite.private import keep_to_ourselves
from chatsite.start import in_one_line, with_the_database

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    if sys.argv[1:2] != ["collectstatic"]:  # what it makes is for every process to read
        keep_to_ourselves()
    connection_created.connect(say_which)
    from django.core.management import execute_from_command_line

    with in_one_line(), with_the_database():
        execute_from_command_line(sys.argv)
