"""One line in the log when something is away, with its reason, and one when it is back."""

import logging

logger = logging.getLogger(__name__)


class Outage:
    """What goes on failing is said once; only what succeeds ends it. No decision hangs on it."""

    def __init__(self, lost: str, back: str):
        self._lost, self._back = lost, back
        self._lasts = False

    def begins(self, error: Exception) -> None:
        if not self._lasts:
            logger.warning("%s: %s", self._lost, reason(error))
        self._lasts = True

    def ends(self) -> None:
        if self._lasts:
            logger.info("%s", self._back)
        self._lasts = False


def reason(error: BaseException) -> str:
    """What kind of error it is, and the first line of what it says: the rest may be what somebody
    has written."""
    said = str(error).strip().partition("\n")[0]
    return ": ".join(filter(None, [type(error.__cause__ or error).__name__, said]))
