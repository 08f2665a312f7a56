"""What the log leaves out, and how a line looks."""

import logging
import os
import time

from redis import RedisError

from chat.policy.refusals import refusals

LONGEST = 2000  # characters of a line
SECURITY = "django.security."  # what follows is the name of what Django has found
QUIET = 60.0  # seconds without a failure that end an outage


class Outages(logging.Filter):
    """Leaves out what would come again and again while a server is away.

    Who needs the server says so, once: chat.group, chat.relay and chat.writer. PostgreSQL's pool
    alone knows why it can't connect; it is heard once, too.
    """

    _failed_at = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "psycopg.pool":
            return self._is_first(record)
        if record.name.startswith("channels_redis") and record.exc_info:
            return not isinstance(record.exc_info[1], (RedisError, OSError))
        return getattr(record, "status_code", None) != 503

    def _is_first(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.ERROR and not record.msg.startswith("error connecting"):
            return False
        last, self._failed_at = self._failed_at, record.created
        return record.created - last > QUIET


class Strangers(logging.Filter):
    """What is wrong with a request is its sender's doing: it is counted with whatever else they
    are refused, and is one line a minute with that, however often they send it."""

    def filter(self, record: logging.LogRecord) -> bool:
        status = getattr(record, "status_code", None) or 500
        if status >= 500 and not record.name.startswith(SECURITY):
            return True
        request = getattr(record, "request", None)
        address = request.META.get("REMOTE_ADDR") if request else None
        refusals.note(address, f"bad requests, {record.name.removeprefix(SECURITY)}")
        return False


def time_is_added() -> bool:
    """Whether whoever takes our output adds the time to each line: Heroku, and systemd's journal.

    Children of a service inherit the variable, so it names the very file (systemd.exec(5)).
    """
    try:
        output = os.fstat(1)
    except OSError:
        return False
    journal = os.environ.get("JOURNAL_STREAM") == f"{output.st_dev}:{output.st_ino}"
    return journal or "DYNO" in os.environ


class Line(logging.Formatter):
    """One line an event, whatever is in its message; a traceback follows on lines of its own."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        at = "" if time_is_added() else "%(asctime)s "
        super().__init__(f"{at}%(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")

    def formatMessage(self, record: logging.LogRecord) -> str:
        line = " ".join(super().formatMessage(record).split())[:LONGEST]
        if not line.isprintable():  # a terminal would obey
            line = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in line)
        return line
