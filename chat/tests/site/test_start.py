"""A start that fails says why, in one line, and ends; as a person starts it."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from chat.tests.support import eventually
from chat.tests.support.servers import (
    ROOT,
    Server,
    free_port,
    manage,
    without_product_variables,
)

pytestmark = pytest.mark.stack("embedded")  # brings what it needs: once is enough

SERVE = (sys.executable, "-m", "chatsite.serve")
PROCFILE = (sys.executable, "-m", "daphne", "-v", "0", "-b", "127.0.0.1")
# Root is let in everywhere, and nobody else may give a file away.
POWERLESS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make others' files")


def says(command, **env: str) -> str:
    """Run a command that can't do its work; return the one line that it says."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=without_product_variables() | env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0, done.stdout
    (line,) = (done.stdout + done.stderr).splitlines()
    assert line.startswith("Simple chat can't start: "), line
    return line


@pytest.fixture
def data(stack) -> str:
    """Of a site that was there before."""
    env, _ = stack.new_site()
    return env["CHAT_DATA"]


class Served(Server):
    """What `make run` has at its end."""

    def __init__(self, folder: Path, host: str, port: int | str | None = None):
        super().__init__("served", folder)
        self.host, self.port = host, self.port if port is None else port

    def command(self):
        return [*SERVE, self.host, str(self.port)]

    def environment(self):
        return without_product_variables() | {"CHAT_DATA": str(self.folder)}

    def answers(self):
        return "Simple chat is at" in self.log.read_text()

    def status(self, address: str, path: str, host: str | None) -> int:
        """What it answers to whoever calls it by that name; None: by no name at all."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        named = "" if host is None else f"Host: {host}\r\n"
        with socket.socket(family) as link:
            link.settimeout(10)
            link.connect((address, self.port))
            link.sendall(f"GET {path} HTTP/1.0\r\n{named}\r\n".encode())
            return int(link.makefile("rb").readline().split()[1])


@pytest.fixture
def serve(data):
    served: list[Server] = []

    def serve(host: str, port: int | str | None = None) -> Served:
        served.append(Served(Path(data), host, port))
        served[-1].start()
        return served[-1]

    yield serve
    for server in served:
        server.stop()


# --- where it listens ----------------------------------------------------------------------------
@pytest.mark.parametrize("command", [SERVE, PROCFILE])
def test_a_port_that_is_taken(data, command):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        where = (
            ("127.0.0.1", port) if command == SERVE else ("-p", port, "chatsite.asgi:application")
        )
        line = says([*command, *where], CHAT_DATA=data)
    assert f"127.0.0.1, port {port}" in line
    assert "something else listens there" in line


@only_root
def test_a_port_that_is_for_root_alone(data):
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= 80:
        pytest.skip("this machine lets everybody have it")
    line = says([*POWERLESS, *SERVE, "127.0.0.1", "80"], CHAT_DATA=data)
    assert "port 80: ports below 1024 are for root" in line


def test_an_address_that_is_another_machines(data):
    assert "192.0.2.77, port 8000: this machine has no such address" in says(
        [*SERVE, "192.0.2.77", "8000"], CHAT_DATA=data
    )


def test_a_name_that_is_nobodys(data):
    assert "nowhere.invalid" in says([*SERVE, "nowhere.invalid", "8000"], CHAT_DATA=data)


@pytest.mark.parametrize("port", ["http", "65536", ""])
def test_a_port_that_is_none(data, port):
    assert f"PORT={port!r}" in says([*SERVE, "127.0.0.1", port], CHAT_DATA=data)


# --- what it stands on ---------------------------------------------------------------------------
@only_root
@pytest.mark.parametrize("mode", [0o700, 0o755])
@pytest.mark.parametrize(
    "command", [(*SERVE, "127.0.0.1", "8000"), (sys.executable, "manage.py", "migrate")]
)
def test_a_folder_of_another_user(tmp_path, command, mode):
    tmp_path.chmod(mode)
    shutil.chown(tmp_path, "nobody")
    assert str(tmp_path) in says([*POWERLESS, *command], CHAT_DATA=str(tmp_path))


@only_root
@pytest.mark.parametrize("command", [SERVE, PROCFILE])
def test_an_sqlite_file_that_is_read_only(data, command):
    file = Path(data, "chat.sqlite3")
    file.chmod(0o400)
    where = ("127.0.0.1", "8000") if command == SERVE else ("chatsite.asgi:application",)
    line = says([*POWERLESS, *command, *where], CHAT_DATA=data)
    assert f"{file} can't be written to" in line


@pytest.mark.parametrize(
    ("command", "secret"), [(SERVE, b""), (PROCFILE, b"\n"), (SERVE, b"\xff\xfe")]
)
def test_a_secret_that_is_none(data, secret, command):
    file = Path(data, "secret")
    file.write_bytes(secret)
    where = ("127.0.0.1", "8000") if command == SERVE else ("chatsite.asgi:application",)
    assert str(file) in says([*command, *where], CHAT_DATA=data)


@pytest.mark.parametrize("url", ["postgres://me:hidden@127.0.0.1:{port}/chat", "sqlite:///{file}"])
def test_a_database_that_can_not_be_used(tmp_path, url):
    file, port = tmp_path / "no-database", free_port()
    file.write_text("This is a letter, and a long one. " * 100)
    command = [sys.executable, "manage.py", "migrate", "--noinput", "--verbosity", "0"]
    url = url.format(port=port, file=file)
    line = says(command, CHAT_DATA=str(tmp_path), DATABASE_URL=url)
    assert f"chat at 127.0.0.1:{port}" in line or str(file) in line
    assert "refused" in line or "not a database" in line
    assert "hidden" not in line


def test_a_wrong_variable_is_named_without_the_password_in_it(tmp_path):
    command = [sys.executable, "manage.py", "check"]
    line = says(command, CHAT_DATA=str(tmp_path), DATABASE_URL="mysql://me:hid@den@host/chat")
    assert "DATABASE_URL=" in line
    assert "den" not in line


# --- one at a time -------------------------------------------------------------------------------
def test_a_second_one_on_the_same_folder_and_a_third_after_the_first_was_killed(serve, data):
    first = serve("127.0.0.1")
    line = says([*SERVE, "127.0.0.1", str(free_port())], CHAT_DATA=data)
    assert f"process {first.pid} serves the room in {data} already" in line
    manage("check", env={"CHAT_DATA": data})  # commands are no second room
    first.kill()
    first.start()


# --- what it says, and to whom it answers --------------------------------------------------------
@pytest.mark.parametrize(
    ("host", "url", "called"),
    [
        ("127.0.0.1", "http://127.0.0.1:{port}/", {"127.0.0.1": "127.0.0.1"}),
        ("::1", "http://[::1]:{port}/", {"::1": "[::1]"}),
        ("0:0::1", "http://[::1]:{port}/", {"::1": "[::1]"}),
        ("::", "http://localhost:{port}/", {"::1": "[::1]", "127.0.0.1": "localhost"}),
        ("0.0.0.0", "http://localhost:{port}/", {"127.0.0.1": "localhost"}),
    ],
)
def test_it_says_where_it_is_once_it_is_there(serve, host, url, called):
    served = serve(host)
    first = next(line for line in served.log.read_text().splitlines() if "Simple chat" in line)
    assert first == f"Simple chat is at {url.format(port=served.port)} (Ctrl-C ends it)"
    for address, name in called.items():
        assert served.status(address, "/", f"{name}:{served.port}") == 200
        assert served.status(address, "/", "evil.example") == 400
    for name in ("10.1.2.3:8000", "evil.example", None):
        assert served.status(address, "/healthz", name) == 200
        eventually(lambda name=name: served.status(address, "/readyz", name) == 200)


def test_any_free_port_is_told_as_it_is(serve):
    served = serve("127.0.0.1", "0")
    port = served.log.read_text().partition("http://127.0.0.1:")[2].partition("/")[0]
    assert int(port) > 0
    served.port = int(port)
    assert served.status("127.0.0.1", "/healthz", None) == 200
