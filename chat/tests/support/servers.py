"""Servers as child processes, on free ports of this machine, that end when the tests do."""

import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path

import psycopg
import pytest
import redis

from chat.tests.support import eventually, forked
from chat.tests.support.forked import NURSE, Forked

ROOT = Path(__file__).resolve().parents[3]

running: list["Server"] = []  # what `stop_all` ends, and whose logs a failure shows


def stop_all() -> None:
    """End every server that still runs, the last started first."""
    while running:
        running[-1].kill()
    NURSE.ends()


def free_port() -> int:
    """A port that nobody listens on, nor is given by the system to a connection that goes out."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("0.0.0.0", port))
            return port


class Server:
    """A child in a process group of its own; its output goes to the file `log`.

    A subclass says which `command` to run and when it `answers`. A stopped server can be
    started again, on the same port and with the same data.
    """

    stop_signal = signal.SIGTERM
    user: str | None = None  # whom to run as, where it must not be root
    cwd = ROOT
    stdin: int = subprocess.DEVNULL

    def __init__(self, name: str, folder: Path):
        self.name, self.folder, self.port = name, folder, free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / f"{name}.log"
        self.process: subprocess.Popen | Forked | None = None

    def __repr__(self):
        return f"<{self.name}, port {self.port}>"

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    @property
    def pid(self) -> int:
        assert self.process, f"{self.name} does not run"
        return self.process.pid

    def start(self, deadline: float = 30) -> None:
        """Start, and wait until it answers."""
        self.launch()
        self.wait_until_up(deadline)

    def launch(self) -> None:
        assert not self.process, f"{self.name} runs already"
        self.process = self._begin()
        running.append(self)

    def _begin(self) -> subprocess.Popen | Forked:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self.command(),
                cwd=self.cwd,
                env=self.environment(),
                stdin=self.stdin,
                stdout=log,
                stderr=subprocess.STDOUT,
                user=self.user,
                start_new_session=True,
            )

    def wait_until_up(self, deadline: float = 30) -> None:
        try:
            eventually(self._is_up, deadline)
        except BaseException:
            self.kill()
            raise

    def _is_up(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended while it started:\n{self.tail()}")
        return self.answers()

    def stop(self, deadline: float = 10) -> None:
        """Ask it to end; end it when it has not by `deadline`."""
        self.ask_to_end()
        self.wait_until_gone(deadline)

    def ask_to_end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, self.stop_signal)
        self.resume()

    def wait_until_gone(self, deadline: float = 10) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(deadline)
        self.kill()

    def kill(self) -> None:
        """End it and its children at once, as a power cut would."""
        self._signal(signal.SIGKILL)
        self.process.wait()
        self.process = None
        running.remove(self)

    def restart(self) -> None:
        self.stop()
        self.start()

    def pause(self) -> None:
        """Freeze it: its port still takes connections, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def is_frozen(self) -> bool:
        """Whether it is paused, by whomever."""
        stat = Path(f"/proc/{self.pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "T"

    def memory(self) -> int:
        """Its resident memory, in kB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def tail(self, lines: int = 40) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class Redis(Server):
    """A Redis that keeps nothing on disk."""

    def __init__(self, folder: Path, name: str = "redis"):
        super().__init__(name, folder)
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        return [
            *("redis-server", "--bind", "127.0.0.1", "--port", str(self.port)),
            *("--save", "", "--appendonly", "no", "--dir", str(self.folder)),
        ]

    def answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(self._address, 1) as probe:
            probe.sendall(b"PING\r\n")
            return probe.recv(16).startswith(b"+PONG")
        return False

    def execute(self, *command: str) -> None:
        """Run one command, as an administrator would."""
        with redis.Redis.from_url(self.url) as link:
            link.execute_command(*command)

    @property
    def _address(self) -> tuple[str, int]:
        return "127.0.0.1", self.port


class Postgres(Server):
    """A PostgreSQL cluster with the small number of connections that small plans have."""

    stop_signal = signal.SIGINT  # "fast": end the sessions; SIGTERM would wait for them

    def __init__(self, folder: Path, name: str = "postgres"):
        super().__init__(name, folder)
        self.user = self._owner()
        self.data = folder / "pgdata"
        self._frozen: list[int] = []

    def command(self) -> list[str]:
        return [
            *(self._tool("postgres"), "-D", str(self.data), "-p", str(self.port)),
            *("-h", "127.0.0.1", "-k", "", "-c", "max_connections=40"),
        ]

    def start(self, deadline: float = 30) -> None:
        if not self.data.exists():
            self._make_cluster()
        super().start(deadline)

    def answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            self.execute("SELECT 1")
            return True
        return False

    def pause(self) -> None:
        """Freeze its sessions too: each is a process group of its own."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as link:
            super().pause()  # from here on there is no new one
            self._frozen = [pid for (pid,) in link.execute("SELECT pid FROM pg_stat_activity")]
        self._signal_sessions(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal_sessions(signal.SIGCONT)
        self._frozen = []
        super().resume()

    def _signal_sessions(self, number: int) -> None:
        for pid in self._frozen:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def url(self, database: str) -> str:
        return f"postgres://chat@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        """Run one statement outside any of the tests' databases."""
        with psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=5) as link:
            link.execute(statement)

    def _make_cluster(self) -> None:
        self._fill(
            *(self._tool("initdb"), "-D", str(self.data), "-U", "chat", "-A", "trust"),
            *("-E", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
        )

    def _fill(self, *command: str) -> None:
        """Make the folder of its data, and let `command`, run as its owner, put the data there."""
        self.data.mkdir(mode=0o700)
        if self.user:
            shutil.chown(self.data, self.user)
        made = subprocess.run(command, user=self.user, cwd="/", capture_output=True, text=True)
        assert made.returncode == 0, made.stdout + made.stderr

    def query(self, statement: str, database: str = "postgres") -> list[tuple]:
        """The rows of one statement; it may write where the server is read-only by default."""
        options = "-c default_transaction_read_only=off"
        with psycopg.connect(self.url(database), autocommit=True, options=options) as link:
            done = link.execute(statement)
            return done.fetchall() if done.description else []

    def set_read_only(self, on: bool) -> None:
        """From now on nothing is written: neither by new sessions nor by those there are."""
        value = "on" if on else "off"
        self.query(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
        self.query("SELECT pg_reload_conf()")

    @staticmethod
    def _tool(name: str) -> str:
        """Debian keeps PostgreSQL's own commands off the PATH."""
        found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
        return str(found[-1]) if found else shutil.which(name) or name

    @staticmethod
    def _owner() -> str | None:
        """PostgreSQL refuses to run as root."""
        if os.geteuid() != 0:
            return None
        users = {entry.pw_name for entry in pwd.getpwall()}
        return "postgres" if "postgres" in users else "nobody"


class Standby(Postgres):
    """A copy of `primary` that follows it, until it is promoted."""

    def __init__(self, primary: Postgres, folder: Path):
        super().__init__(folder, name="standby")
        self._primary = primary

    def _make_cluster(self) -> None:
        self._fill(
            *(self._tool("pg_basebackup"), "-d", self._primary.url("postgres")),
            *("-D", str(self.data), "-R", "-X", "stream", "-c", "fast", "--no-sync"),
        )

    def is_level(self) -> bool:
        """Whether nothing is under way at the primary, and all of it has come here."""
        busy = "SELECT 1 FROM pg_stat_activity WHERE backend_xid IS NOT NULL"
        ((written,),) = self._primary.query("SELECT pg_current_wal_lsn()")
        ((missing,),) = self.query(f"SELECT '{written}'::pg_lsn - pg_last_wal_replay_lsn()")
        return missing <= 0 and not self._primary.query(busy)

    def promote(self) -> None:
        self.query("SELECT pg_promote()")


class Daphne(Server):
    """One process of the site, with exactly the product's variables that `env` gives.

    `program` is what Python runs, `options` are more of Daphne's own, `cwd` is where the code is.
    `forks`: it may be a fork of the nursery's, which starts sooner; its memory and its place on the
    processor's cores are then not those of a process of its own.
    """

    forks = True

    def __init__(
        self,
        folder: Path,
        env: dict[str, str],
        name: str = "daphne",
        program: Sequence[str] = ("-m", "daphne"),
        options: Sequence[str] = (),
        cwd: Path = ROOT,
    ):
        super().__init__(name, folder)
        self.cwd = cwd
        self.env, self.program, self.options = env, program, options
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}/ws/chat/"

    def command(self) -> list[str]:
        return [
            *(sys.executable, *self.program),
            *("-v", "0", "-b", "127.0.0.1", "-p", str(self.port), *self.options),
            "chatsite.asgi:application",
        ]

    def environment(self) -> dict[str, str]:
        return {**without_product_variables(), "PYTHONUNBUFFERED": "1", **self.env}

    def _begin(self):
        python, *argv = self.command()
        special = "LD_PRELOAD" in self.env or self.stdin != subprocess.DEVNULL
        if not self.forks or python != sys.executable or special:
            return super()._begin()  # afresh
        files = (os.devnull, self.log, self.log)
        return Forked(argv, cwd=self.cwd, env=self.environment(), files=files)

    def answers(self) -> bool:
        link = HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.suppress(OSError), contextlib.closing(link):
            link.request("GET", "/")
            return link.getresponse().status < 500
        return False


PRODUCT_VARIABLES = {
    *("SECRET_KEY", "DEBUG", "DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS", "PORT", "DYNO"),
}


def without_product_variables() -> dict[str, str]:
    """The environment, less what would configure the site."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in PRODUCT_VARIABLES and not name.startswith("CHAT_")
    }


def manage(*arguments: str, env: dict[str, str], stdin: str | None = None, cwd: Path = ROOT) -> str:
    """Run manage.py with the product's variables of `env`; return what it printed."""
    env = {**without_product_variables(), **env}
    done = forked.run("manage.py", *arguments, cwd=cwd, env=env, stdin=stdin)
    if done.returncode:
        pytest.fail(f"manage.py {' '.join(arguments)}:\n{done.stdout}{done.stderr}", pytrace=False)
    return done.stdout
