"""Processes that the nursery has forked, handled as one handles a `subprocess.Popen`."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from chat.tests.support import eventually

NURSERY = Path(__file__).with_name("nursery.py")


class Nursery:
    """The process of nursery.py: one for each of pytest's, made when it is first needed."""

    def __init__(self):
        self._process: subprocess.Popen | None = None
        self._lock = threading.Lock()

    def asks(self, **order) -> int | None:
        """Give it one order; return its answer."""
        with self._lock:
            return self._asks(order)

    def _asks(self, order: dict) -> int | None:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, NURSERY],
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def ends(self) -> None:
        if self._process:
            self._process.communicate()
            self._process = None


NURSE = Nursery()


class Forked:
    """`python *argv`, begun as a fork, in a process group of its own.

    `files` are its standard input, output and error.
    """

    def __init__(
        self, argv: Sequence[str], *, cwd: Path, env: dict[str, str], files: Sequence[str | Path]
    ):
        self.returncode: int | None = None
        names = [str(file) for file in files]
        self.pid = NURSE.asks(argv=list(argv), cwd=str(cwd), env=env, files=names)

    def poll(self) -> int | None:
        """How it ended, if it has."""
        if self.returncode is None:
            self.returncode = NURSE.asks(poll=self.pid)
        return self.returncode

    def wait(self, timeout: float = 30) -> int:
        """Wait until it has ended; return how."""
        try:
            eventually(lambda: self.poll() is not None, timeout)
        except AssertionError:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout) from None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def run(
    *argv: str, cwd: Path, env: dict[str, str], stdin: str | None = None
) -> subprocess.CompletedProcess:
    """`python *argv`, to its end: what `subprocess.run` does."""
    with tempfile.TemporaryDirectory(prefix="chat-") as folder:
        files = said, out, errors = [Path(folder, name) for name in ("said", "out", "errors")]
        said.write_text(stdin or "")
        code = Forked(argv, cwd=cwd, env=env, files=files).wait(120)
        return subprocess.CompletedProcess(argv, code, out.read_text(), errors.read_text())
