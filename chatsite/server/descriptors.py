"""Some open files are kept back: for the database, Redis and the disk, which a process can't do
without. Who comes when there are no others is turned away, and the log says so, once an outage.
"""

import asyncio
import logging
import resource

from twisted.logger import LogEvent, globalLogPublisher

KEPT_BACK = 64  # or a quarter, where a process may have only a few
SHORT = 5.0  # seconds after one was turned away in which it is not ready for more
QUIET = 60.0  # seconds without one turned away that end an outage
# What Twisted says when it can't accept: of this process, of the machine, of its memory.
SAID = ("EMFILE encountered", "Could not accept new connection")
logger = logging.getLogger(__name__)


class Outage:
    """From the first that is turned away until none was for a while."""

    def __init__(self) -> None:
        self._turned_away = 0
        self._last = 0.0

    def is_now(self) -> bool:
        """Whether one was turned away just now."""
        recent = self._last + SHORT
        return self._turned_away > 0 and asyncio.get_running_loop().time() < recent

    def turn_away(self, why: object) -> None:
        loop = asyncio.get_running_loop()
        self._last = loop.time()
        self._turned_away += 1
        if self._turned_away == 1:
            logger.warning(
                "who comes is turned away: %s (this process may have %d open files)", why, _limit()
            )
            loop.call_later(QUIET, self._end)

    def _end(self) -> None:
        loop = asyncio.get_running_loop()
        left = self._last + QUIET - loop.time()
        if left > 0:
            loop.call_later(left, self._end)
            return
        logger.info("there are open files again; without one went: %d", self._turned_away)
        self._turned_away = 0


outage = Outage()  # of this process


def short() -> bool:
    """Whether this process has too few descriptors, so that new connections are turned away."""
    return outage.is_now()


def run_out(descriptor: int) -> bool:
    """Whether this one, just opened, is one of those kept back: it must be closed then.

    The system gives the lowest number that is free, so all below it are in use.
    """
    limit = _limit()
    if descriptor < limit - min(KEPT_BACK, limit // 4):
        return False
    outage.turn_away("few open files are left")
    return True


def _limit() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _hear(event: LogEvent) -> None:
    """Twisted tells its log, which nobody reads, for each connection that it can't accept."""
    if (event.get("log_format") or "").startswith(SAID):
        outage.turn_away(event.get("acceptError", "EMFILE"))


def watch() -> None:
    globalLogPublisher.addObserver(_hear)  # type: ignore[arg-type]  # any callable is one


def raise_limit() -> None:
    """Each socket is an open file, and the usual limit is 1,024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (ValueError, OSError) as error:
        logger.warning("the limit of open files can't be raised: %s", error)
