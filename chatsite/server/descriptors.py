"""A process that has run out of open files says so, once. (Twisted says it for each connection, and
nobody hears it.)"""

import logging
import resource
import time

from twisted.logger import LogEvent, globalLogPublisher

QUIET = 60.0  # seconds without one turned away that end it
# What Twisted says when it can't accept: of this process, of the machine, of its memory.
SAID = ("EMFILE encountered", "Could not accept new connection")
logger = logging.getLogger(__name__)


class TurnedAway:
    """An observer of Twisted's log."""

    def __init__(self) -> None:
        self._last = -QUIET

    def __call__(self, event: LogEvent) -> None:
        if not (event.get("log_format") or "").startswith(SAID):
            return
        last, self._last = self._last, time.monotonic()
        if self._last - last >= QUIET:
            logger.warning(
                "who comes is turned away: %s (this process may have %d open files)",
                event.get("acceptError", "EMFILE"),
                resource.getrlimit(resource.RLIMIT_NOFILE)[0],
            )


def watch() -> None:
    globalLogPublisher.addObserver(TurnedAway())  # type: ignore[arg-type]  # any callable is one
