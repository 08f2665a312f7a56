#!/usr/bin/env python
"""Django's command line."""

import os
import sys

from django.db.backends.signals import connection_created

from chat.database import say_which
from chatsite.private import keep_to_ourselves
from chatsite.start import in_one_line, with_the_database

FOR_EVERYBODY = {"collectstatic", "makemigrations"}  # what these make is no secret

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    if not FOR_EVERYBODY.intersection(sys.argv[1:2]):
        keep_to_ourselves()
    connection_created.connect(say_which)
    from django.core.management import execute_from_command_line

    with in_one_line(), with_the_database():
        execute_from_command_line(sys.argv)
