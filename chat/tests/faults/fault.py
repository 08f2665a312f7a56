"""One fault: people talk, it strikes, they recover, and nothing is lost. Measured on the way."""

import json
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from chat.tests.faults.crowd import Crowd

GOES_ON = 3  # messages that everybody gets through after the recovery


@dataclass
class Record:
    """A line of the table in docs/RELIABILITY.md."""

    place: tuple[str, int]  # where the test is: file and line
    stack: str
    fault: str
    sees: str  # what a user sees
    meanwhile: float | None  # seconds that a message took while it lasted, the slowest
    recovery: float  # seconds from the fault's end until everybody heard everybody


class Clock:
    """Measures the recovery: from the end of the fault, or since `starts` was called.

    `meanwhile`: how long a message took during the fault, where that was looked at.
    """

    meanwhile: float | None = None

    def __init__(self):
        self._begun: float | None = None

    def starts(self) -> None:
        self._begun = time.monotonic()

    def ends(self) -> float:
        return 0.0 if self._begun is None else time.monotonic() - self._begun


class Faults:
    """Makes faults, and writes down what was measured."""

    def __init__(self, place: tuple[str, int], stack: str, file: str | None):
        self._place, self._stack = place, stack
        self._file = Path(file) if file else None

    @contextmanager
    def __call__(self, name: str, sees: str, crowd: Crowd, **known):
        """Inside of `with`, the fault happens to a crowd that talks; `sees` is what a user sees.

        `known` is what the oracle must know.
        """
        crowd.talks()
        clock = Clock()
        yield clock
        recovery = clock.ends() + crowd.recovers()
        crowd.gets_on(GOES_ON)
        crowd.settles(**known)
        self.record(name, sees, recovery, clock.meanwhile)

    def record(self, name: str, sees: str, recovery: float, meanwhile: float | None = None) -> None:
        """Note what was measured, here or in some other way."""
        record = Record(self._place, self._stack, name, sees, meanwhile, recovery)
        print(record)
        if self._file:
            with self._file.open("a") as file:
                file.write(json.dumps(asdict(record)) + "\n")
