"""Processes that the nursery has forked, handled as one handles a `subprocess.Popen`."""

import json
import os
import subprocess
import sys
from pathlib import Path

from chat.tests.support import eventually

NURSERY = Path(__file__).with_name("nursery.py")


class Nursery:
    """The process of nursery.py: one for each of pytest's, made when it is first needed."""

    def __init__(self):
        self._process: subprocess.Popen | None = None

    def asks(self, **order) -> int | None:
        """Give it one order; return its answer."""
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
    """`python *argv`, begun as a fork, in a process group of its own."""

    def __init__(self, argv: list[str], *, cwd: Path, env: dict[str, str], log: Path):
        self.returncode: int | None = None
        self.pid = NURSE.asks(argv=argv, cwd=str(cwd), env=env, log=str(log))

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
