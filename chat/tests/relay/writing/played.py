"""A database that fails in every way, played, so that it fails when a test says; and a writer."""

import asyncio
from collections.abc import Callable

import psycopg
from django import db

from chat.log import append, head, upkeep
from chat.log.batch import Batch
from chat.log.entries import Draft, Entry, Stored
from chat.protocol.errors import FrameError
from chat.relay.writing.writer import Writer
from chat.tests.support import until


def raised(kind: type[Exception], cause: type[Exception] | None = None) -> Exception:
    """An error as Django raises it."""
    error = kind("it says why\nDETAIL: (secret)")
    error.__cause__ = cause and cause("it says why")
    return error


OUTAGES = {
    "the connection is lost": raised(db.OperationalError, psycopg.OperationalError),
    "the connection is closed": raised(db.InterfaceError),
    "a lock is held": raised(db.OperationalError, psycopg.errors.LockNotAvailable),
    "we idled in a transaction": raised(
        db.InternalError, psycopg.errors.IdleInTransactionSessionTimeout
    ),
    "read-only": raised(db.InternalError, psycopg.errors.ReadOnlySqlTransaction),
    "no INSERT": raised(db.ProgrammingError, psycopg.errors.InsufficientPrivilege),
    "no such column": raised(db.ProgrammingError, psycopg.errors.UndefinedColumn),
    "disk full": raised(db.OperationalError, psycopg.errors.DiskFull),
    "a statement takes too long": raised(db.OperationalError, psycopg.errors.QueryCanceled),
    "a row is missing": head.RowMissing("gone"),
    "the numbers are taken": raised(db.IntegrityError, psycopg.errors.UniqueViolation),
    "a bug": ValueError("oops"),
}
OWN_FAULTS = {
    "a constraint": raised(db.IntegrityError, psycopg.errors.CheckViolation),
    "no such character": raised(db.DataError, psycopg.errors.UntranslatableCharacter),
    "a trigger": raised(db.ProgrammingError, psycopg.errors.RaiseException),
    "too large for an index": raised(db.OperationalError, psycopg.errors.ProgramLimitExceeded),
    "it takes too long": raised(db.OperationalError, psycopg.errors.QueryCanceled),
}


def text_of(entry: Entry) -> str:
    return entry.text if isinstance(entry, Draft) else entry.what.text


class Database:
    """A log in memory, in place of the writer's threads. `trouble` may raise, or wait; whoever
    looks something up meets `no_reading`."""

    def __init__(self):
        self.rows: dict[tuple[str, str], tuple[int, str]] = {}
        self.attempts: list[list[str]] = []  # the texts of each
        self.is_sound = True
        self.trouble: Callable[[list[Entry]], object] = lambda drafts: None
        self.no_reading: Exception | None = None
        self.after_commit: Callable[[], object] = lambda: None
        self._jobs = {
            append.store: self._append,
            append.find: self._find,
            upkeep.mend: self._mend,
            upkeep.try_out: self._try_out,
        }

    async def run(self, job, *args):
        await asyncio.sleep(0)
        return await self._jobs[job](*args)

    async def _append(self, drafts, known):
        self.attempts.append([text_of(draft) for draft in drafts])
        waits = self.trouble(drafts)
        if waits is not None:
            await waits
        first = len(self.rows) + 1
        fresh = {draft.key: text_of(draft) for draft in drafts if draft.key not in self.rows}
        for seq, (key, text) in enumerate(fresh.items(), first):
            self.rows[key] = seq, text
        self.after_commit()
        new = [Batch("e", first, len(self.rows), ())] if fresh else []
        return [
            Stored(seq, fresh=seq >= first) if seq else FrameError("nonce_conflict")
            for seq in map(self._seq, drafts)
        ], new

    async def _find(self, drafts):
        if self.no_reading:
            raise self.no_reading
        return [Stored(seq) if seq else None for seq in map(self._seq, drafts)]

    def _seq(self, draft: Entry) -> int | None:
        seq, text = self.rows.get(draft.key, (None, text_of(draft)))
        return seq if text == text_of(draft) else None

    async def _mend(self):
        return False

    async def _try_out(self):
        if not self.is_sound:
            raise raised(db.ProgrammingError)


class Room:
    """A writer at work, and what its authors were told."""

    def __init__(self):
        self.database = Database()
        self.told: dict[str, list[Stored | FrameError]] = {}
        self.committed: list[Batch] = []
        self.writer = Writer(
            self.database,
            self.database,
            position=lambda: None,
            committed=self.committed.extend,
        )
        self.tasks = [asyncio.create_task(work()) for work in self.writer.tasks]

    def posts(self, text: str, refusal: FrameError | None = None, nonce: str = "") -> None:
        told = self.told.setdefault(text, [])
        self.writer.write(Draft("ada", "Ada", nonce or text, text), told.append, refusal)

    def is_stored(self, text: str) -> bool:
        return any(isinstance(outcome, Stored) for outcome in self.told[text])

    def codes(self, text: str) -> list[str]:
        return [outcome.code for outcome in self.told[text] if isinstance(outcome, FrameError)]

    async def refuses(self, text: str) -> bool:
        """Whether it is `busy`, for certain: nothing is stored, nor will be."""
        self.posts(text)
        await until(lambda: self.told[text])
        return self.codes(text) == ["busy"]


def fails(error: Exception, times: int = 10**9) -> Callable[[list[Draft]], None]:
    """Trouble: that error, so often."""
    left = iter(range(times))

    def trouble(drafts):
        if next(left, None) is not None:
            raise error

    return trouble


def poisoned(error: Exception) -> Callable[[list[Draft]], None]:
    """Trouble: that error, wherever one of the texts is poison."""

    def trouble(drafts):
        if any(draft.text == "poison" for draft in drafts):
            raise error

    return trouble
