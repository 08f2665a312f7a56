"""Whole sites: a stack is what a site stands on, a site is a fresh room on it."""

import contextlib
import http.client
import io
import itertools
import json
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row

from chat.tests.support.servers import ROOT, Daphne, Postgres, Redis, Server, manage

# Tests are people in a hurry: those about limits set their own.
UNLIMITED = {
    "CHAT_LIMITS": "0",
    "CHAT_REQUEST_RATE": "",
    "CHAT_HANDSHAKE_RATE": "",
    "CHAT_JOIN_RATE": "",
    "CHAT_NAME_RATE": "",
    "CHAT_RESUME_BYTES_PER_ADDRESS": "",
    "CHAT_POST_RATE": "",
    "CHAT_REACT_RATE": "",
    "CHAT_POSTS_PER_ADDRESS": "",
    "CHAT_POST_BYTES_PER_ADDRESS": "",
    "CHAT_ROOM_PACE": "",
    "CHAT_SOCKETS_PER_ADDRESS": "0",
}
AS_BY_DEFAULT: dict[str, str | None] = dict.fromkeys(UNLIMITED)

BUILDERS = ("storage.py", "bundle.py")  # what they do changes the static files, too


class Stack:
    """What sites stand on, and how to make a fresh one there."""

    name: str
    processes: int  # of one site

    def __init__(self, folder: Path):
        self.folder = folder
        self._numbers = itertools.count(1)

    def start(self) -> dict[str, str]:
        """Start; return the product's variables for tests inside pytest's own process."""
        raise NotImplementedError

    def new_site(self) -> tuple[dict[str, str], list[Server]]:
        """Make a migrated database; return the variables that name it, and servers to stop.

        CHAT_DATA is a folder that is the site's own.
        """
        raise NotImplementedError

    def sql(self, env: dict[str, str], query: str) -> list[dict]:
        """Run one statement on the database that `env` names; return its rows."""
        raise NotImplementedError

    def transaction(self, env: dict[str, str], statements: Sequence[str]) -> None:
        """Run statements, all or none, on the database that `env` names."""
        raise NotImplementedError


class Embedded(Stack):
    """SQLite and the in-memory channel layer, so one process: what `make run` serves."""

    name = "embedded"
    processes = 1

    def start(self):
        return {"CHAT_DATA": str(self.folder / "pytest")}

    def new_site(self):
        folder = self.folder / f"site-{next(self._numbers)}"
        shutil.copytree(self._template, folder)
        return {"CHAT_DATA": str(folder)}, []

    @cached_property
    def _template(self) -> Path:
        folder = self.folder / "template"
        manage("migrate", "--noinput", env={"CHAT_DATA": str(folder)})
        return folder

    def sql(self, env, query):
        file = Path(env["CHAT_DATA"]) / "chat.sqlite3"
        with contextlib.closing(sqlite3.connect(file, timeout=20, isolation_level=None)) as link:
            link.row_factory = sqlite3.Row
            return [dict(row) for row in link.execute(query)]

    def transaction(self, env, statements):
        file = Path(env["CHAT_DATA"]) / "chat.sqlite3"
        with contextlib.closing(sqlite3.connect(file, timeout=20, isolation_level=None)) as link:
            for statement in ("BEGIN IMMEDIATE", *statements, "COMMIT"):
                link.execute(statement)


class Scaled(Stack):
    """PostgreSQL, Redis and two processes: what a site with many people stands on."""

    name = "scaled"
    processes = 2

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.postgres = Postgres(folder)
        self.redis = Redis(folder)

    def start(self):
        self.postgres.start()
        self.redis.start()
        return {
            "CHAT_DATA": str(self.folder / "pytest"),
            "DATABASE_URL": self.postgres.url("chat"),
            "REDIS_URL": self.redis.url,
        }

    def stop(self) -> None:
        self.postgres.stop()
        self.redis.stop()

    def new_site(self):
        number = next(self._numbers)
        folder, database = self.folder / f"site-{number}", f"site_{number}"
        self.postgres.execute(f"CREATE DATABASE {database} TEMPLATE {self._template}")
        # Its own: a Redis would carry one room's hints to the next, whatever the database.
        redis = Redis(folder)
        redis.start()
        return {
            "CHAT_DATA": str(folder),
            "DATABASE_URL": self.postgres.url(database),
            "REDIS_URL": redis.url,
        }, [redis]

    @cached_property
    def _template(self) -> str:
        self.postgres.execute("CREATE DATABASE template_chat")
        env = {
            "CHAT_DATA": str(self.folder / "template"),
            "DATABASE_URL": self.postgres.url("template_chat"),
        }
        manage("migrate", "--noinput", env=env)
        return "template_chat"

    def sql(self, env, query):
        with psycopg.connect(env["DATABASE_URL"], autocommit=True, row_factory=dict_row) as link:
            done = link.execute(query)
            return done.fetchall() if done.description else []

    def transaction(self, env, statements):
        with psycopg.connect(env["DATABASE_URL"]) as link:
            for statement in statements:
                link.execute(statement)


STACKS = {stack.name: stack for stack in (Embedded, Scaled)}


def copy_build(folder: Path) -> Path:
    """The project's code in a folder of its own, as a host builds it, to be changed; beside it the
    environment in which the tests run, under the name that it has on a server."""
    for name in ("bin", "chat", "chatsite", "static", "templates"):
        ignored = shutil.ignore_patterns("tests", "__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    shutil.copy(ROOT / "manage.py", folder)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def release(commit: str, folder: Path) -> Path:
    """The project's code as it was then, ready to serve. Where there is no history, as in a shallow
    clone, the test is left out."""
    folder.mkdir()
    paths = ("chat", "chatsite", "static", "templates", "manage.py")
    packed = subprocess.run(["git", "archive", commit, *paths], cwd=ROOT, capture_output=True)
    if packed.returncode:
        pytest.skip(f"{commit} is not in this clone: {packed.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    shutil.rmtree(folder / "chat" / "tests")
    manage("collectstatic", "--noinput", env={"SECRET_KEY": "x" * 50}, cwd=folder)
    return folder


def change_build(folder: Path, mark: str) -> None:
    """Change every module of that build, and collect its static files."""
    for module in (folder / "static" / "chat").rglob("*.js"):
        module.write_text(module.read_text() + f"\n// {mark}\n")
    # The admin is not asked for, and takes seconds to compress.
    arguments = ("collectstatic", "--noinput", "--ignore", "admin")
    manage(*arguments, env={"SECRET_KEY": "x" * 50}, cwd=folder)


def collect_static(env: dict[str, str]) -> None:
    """Collect the static files, if they have changed since: it takes seconds."""
    collected = ROOT / "staticfiles" / "staticfiles.json"
    sources = [*(ROOT / "static").rglob("*"), *map((ROOT / "chatsite").joinpath, BUILDERS)]
    newest = max(path.stat().st_mtime for path in sources)
    if not collected.exists() or collected.stat().st_mtime < newest:
        manage("collectstatic", "--noinput", env=env)


class From(urllib.request.HTTPHandler):
    """Requests from one of this machine's addresses."""

    def __init__(self, address: str):
        super().__init__()
        self._address = address

    def http_open(self, request):
        source = {"source_address": (self._address, 0)}
        return self.do_open(http.client.HTTPConnection, request, **source)


@dataclass
class Response:
    """What a site answered to one HTTP request."""

    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    def json(self):
        return json.loads(self.body)


class Site:
    """A chat of its own: a fresh database and its processes, started.

    `env` overrides the product's variables; None takes one away. `processes` are the Daphnes;
    where there are several, `redis` and `postgres` are what they share. `daphne` are more
    arguments of each `Daphne`.
    """

    def __init__(
        self, stack: Stack, env: dict[str, str | None], processes: int = 0, **daphne: Sequence[str]
    ):
        self.stack = stack
        database, self._servers = stack.new_site()
        self.redis: Redis | None = next(iter(self._servers), None)
        self.postgres: Postgres | None = getattr(stack, "postgres", None)
        merged = {"SECRET_KEY": secrets.token_urlsafe(48), **UNLIMITED, **database, **env}
        if not UNLIMITED.keys().isdisjoint(env) and "CHAT_LIMITS" not in env:
            merged["CHAT_LIMITS"] = "1"  # for the one that is the test's own
        self.env = {name: value for name, value in merged.items() if value is not None}
        self.processes: list[Daphne] = [
            Daphne(Path(database["CHAT_DATA"]), self.env, name=f"daphne-{number}", **daphne)
            for number in range(processes or stack.processes)
        ]
        try:
            for process in self.processes:
                process.launch()
            for process in self.processes:
                process.wait_until_up()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        for servers in (self.processes, self._servers):
            running = [server for server in servers if server.process]
            for server in running:
                server.ask_to_end()
            for server in running:
                server.wait_until_gone()

    def stop(self, index: int = 0) -> None:
        self.processes[index].stop()

    def start(self, index: int = 0) -> None:
        self.processes[index].start()

    @property
    def url(self) -> str:
        return self.urls[0]

    @property
    def urls(self) -> list[str]:
        return [process.url for process in self.processes]

    @property
    def ws_urls(self) -> list[str]:
        return [process.ws_url for process in self.processes]

    def manage(self, *arguments: str, stdin: str | None = None) -> str:
        """Run manage.py on this site's database; return what it printed."""
        return manage(*arguments, env=self.env, stdin=stdin)

    def sql(self, query: str) -> list[dict]:
        """Run one statement on this site's database; return its rows."""
        return self.stack.sql(self.env, query)

    def transaction(self, *statements: str) -> None:
        """Run statements on this site's database, all or none."""
        self.stack.transaction(self.env, statements)

    def messages(self) -> list[dict]:
        """All rows of the log, in the order in which they were first said."""
        return self.sql("SELECT * FROM chat_message ORDER BY seq")

    def request(
        self,
        path: str,
        data: object = None,
        *,
        method: str | None = None,
        headers: dict[str, str] | None = None,
        process: int = 0,
        address: str | None = None,
    ) -> Response:
        """One HTTP request; `data` is bytes as they are, or goes as JSON (and makes it a POST).

        From `address`, one of 127.x.y.z, where it is given.
        """
        headers = dict(headers or {})
        if data is not None and not isinstance(data, bytes):
            data = json.dumps(data).encode()
            headers.setdefault("Content-Type", "application/json")
        request = urllib.request.Request(
            self.urls[process] + path, data=data, headers=headers, method=method
        )
        opener = urllib.request.build_opener(*([From(address)] if address else []))
        try:
            answer = opener.open(request, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            # Of several with one name the first: the cookie that says who one is comes first.
            names = {name.lower(): value for name, value in reversed(answer.headers.items())}
            return Response(answer.status, names, answer.read())

    def token(self) -> tuple[str, str]:
        """A new person's id and token, as a page without cookies asks for them."""
        given = self.request("/api/member", method="POST").json()
        return given["id"], given["token"]

    def cookie(self) -> str:
        """A new person's Cookie header, as the page gives it."""
        given = self.request("/").headers["set-cookie"]
        return given.partition(";")[0]
