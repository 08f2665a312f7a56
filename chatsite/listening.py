"""What must be so before the server listens, and what is said where it can't."""

import errno
import logging

from django.conf import settings
from twisted.internet.error import CannotListenError

from chat.log.database import which
from chatsite import lock, start

HINTS = {
    errno.EADDRINUSE: "something else listens there. Another port: make run PORT=8001",
    errno.EACCES: "ports below 1024 are for root alone. Another port: make run PORT=8000",
    errno.EADDRNOTAVAIL: "this machine has no such address. For all it has: make run HOST=0.0.0.0",
}


logger = logging.getLogger(__name__)


def be_the_only_one() -> None:
    """End this process where another one serves the room from this folder.

    Unless they have Redis, each would have people of its own, whom nobody sees at the other.
    """
    if settings.REDIS_URL:
        return
    try:
        lock.hold(settings.DATA_DIR / "lock")
    except lock.Taken as holder:
        start.refuse(
            f"{holder} serves the room in {settings.DATA_DIR} already. End that one, or set "
            "CHAT_DATA to another folder, or REDIS_URL, with which there may be several"
        )
    except OSError as error:
        start.refuse(f"CHAT_DATA={settings.DATA_DIR} can't be used: {error}")


def say_which_database() -> None:
    """It may be another one than somebody believes."""
    logger.info("the database is %s", which())


def refuse(error: BaseException | None) -> None:
    """End this process, which can't listen where it was told to."""
    if not isinstance(error, CannotListenError):
        start.refuse(error)
    reason = error.socketError
    hint = HINTS.get(reason.errno, reason.strerror)
    start.refuse(f"it can't listen on {error.interface}, port {error.port}: {hint}")
