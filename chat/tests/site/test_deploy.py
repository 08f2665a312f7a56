"""What is in docs/deploy works as it lies there, under the real servers that it is for."""

import asyncio
import contextlib
import http.client
import json
import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import urllib.parse
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from websockets.asyncio.client import connect as connect_to

from chat.tests.site.test_servers import certificate
from chat.tests.support import eventually
from chat.tests.support.servers import ROOT, Server
from chat.tests.support.site import Site, copy_build

DEPLOY = ROOT / "docs/deploy"
OPERATIONS = (ROOT / "docs/OPERATIONS.md").read_text()
HOST = "chat.example.org"
TRUSTING = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
TRUSTING.check_hostname, TRUSTING.verify_mode = False, ssl.CERT_NONE

embedded, scaled = pytest.mark.stack("embedded"), pytest.mark.stack("scaled")


# --- The proxies ---------------------------------------------------------------------------------
class Proxy(Server):
    """A proxy with our configuration: only ports and the certificate are the test's."""

    user = None

    def __init__(self, folder: Path, name: str, upstream: int):
        super().__init__(name, folder)
        self.upstream = upstream

    @property
    def host(self) -> str:
        return f"{HOST}:{self.port}"

    def answers(self):
        try:
            return self.request("/healthz").status == 200
        except OSError:
            return False

    def dial(self, source: str = "127.0.0.1") -> socket.socket:
        link = socket.create_connection(("127.0.0.1", self.port), 40, (source, 0))
        return TRUSTING.wrap_socket(link, server_hostname=HOST)

    def request(self, path, body=None, source="127.0.0.1", **headers):
        link = http.client.HTTPConnection(self.host)
        link.sock = self.dial(source)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        link.request("POST" if body else "GET", path, body, headers)
        answer = link.getresponse()
        answer.text = answer.read().decode()
        link.close()
        return answer


class Nginx(Proxy):
    def command(self):
        site = (DEPLOY / "nginx.conf").read_text()
        file = certificate(self.folder)
        ours = f"listen 127.0.0.1:{self.port} ssl; ssl_certificate {file};"
        site = site.replace("listen 80;", f"{ours} ssl_certificate_key {file};")  # certbot's part
        site = site.replace("listen [::]:80;", "").replace("127.0.0.1:8000", self._upstream)
        (events,) = re.findall(r"```nginx\n(.*?)```", OPERATIONS, re.DOTALL)
        paths = "client_body proxy fastcgi uwsgi scgi".split()
        temporary = "".join(f"{name}_temp_path {self.folder}/{name};" for name in paths)
        main = self.folder / "nginx.conf"
        main.write_text(
            f"daemon off; pid {self.folder}/pid; error_log stderr;\n"
            f"{events}\nhttp {{ access_log off; {temporary}\n{site} }}"
        )
        return [shutil.which("nginx") or "/usr/sbin/nginx", "-p", str(self.folder), "-c", str(main)]

    @property
    def _upstream(self) -> str:
        return f"127.0.0.1:{self.upstream}"


class Caddy(Proxy):
    def command(self):
        site = (DEPLOY / "Caddyfile").read_text()
        site = site.replace(f"{HOST} {{", f"https://{self.host} {{\n    tls internal\n")
        site = site.replace("127.0.0.1:8000", f"127.0.0.1:{self.upstream}")
        file = self.folder / "Caddyfile"
        # No port 80 and no root certificate of its own in this machine's store.
        ours = "\n{\n    admin off\n    auto_https disable_redirects\n    skip_install_trust\n"
        assert site.count("\n{\n") == 1  # the global options
        file.write_text(site.replace("\n{\n", ours))
        return ["caddy", "run", "--adapter", "caddyfile", "--config", str(file)]

    def environment(self):
        return super().environment() | {"HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder)}


@pytest.fixture(scope="module")
def behind(stack):
    """One site, as docs/deploy/chat.env has it, behind each of the proxies."""
    written = (DEPLOY / "chat.env").read_text()
    env = dict(re.findall(r"^([A-Z_]+)=(.*)$", written, re.MULTILINE))
    del env["CHAT_DATA"]
    site = Site(stack, env)
    account = "User.objects.create_superuser('owner', password='correct horse')"
    make = f"from django.contrib.auth.models import User; {account}"
    site.manage("shell", "--verbosity", "0", "-c", make)
    proxies = {
        kind: kind(stack.folder / kind.__name__.lower(), kind.__name__, site.processes[0].port)
        for kind in (Nginx, Caddy)
    }
    for proxy in proxies.values():
        proxy.start()
    yield site, proxies
    for proxy in proxies.values():
        proxy.stop()
    site.close()


@embedded
@pytest.mark.parametrize("kind", [Nginx, Caddy])
def test_people_meet_and_the_owner_logs_in_behind_a_proxy_on_any_port(behind, kind):
    site, proxies = behind
    proxy = proxies[kind]
    origin = f"https://{proxy.host}"
    page = proxy.request("/", X_Forwarded_For="198.51.100.7")
    assert page.status == 200, page.text
    cookie = page.headers["Set-Cookie"]
    assert "Secure" in cookie
    cookie = cookie.partition(";")[0]
    nonce = f"over-http-{kind.__name__}"
    said = json.dumps({"nonce": nonce, "text": "over HTTP", "name": f"Ada of {kind.__name__}"})
    posted = proxy.request(
        "/api/messages", said, Cookie=cookie, Origin=origin, Content_Type="application/json"
    )
    assert posted.status == 201, posted.text
    heard = asyncio.run(joins_and_speaks(proxy, origin, cookie))
    assert [message["text"] for message in heard][-2:] == ["over HTTP", "over a socket"]
    (member,) = site.sql(
        f"SELECT last_address FROM chat_member WHERE name = 'Ada of {kind.__name__}'"
    )
    assert member["last_address"] == "127.0.0.1", "a client has forged its address"
    log_in(proxy, origin)


async def joins_and_speaks(proxy: Proxy, origin: str, cookie: str) -> list[dict]:
    """Join with a forged address, say something; return the messages."""
    heard = []
    sock = socket.create_connection(("127.0.0.1", proxy.port), 10)
    sock.setblocking(False)
    headers = {"Cookie": cookie, "X-Forwarded-For": "198.51.100.7"}
    async with (
        asyncio.timeout(20),
        connect_to(
            f"wss://{proxy.host}/ws/chat/",
            sock=sock,
            ssl=TRUSTING,
            server_hostname=HOST,
            origin=origin,
            additional_headers=headers,
        ) as link,
    ):
        await link.send(json.dumps({"type": "join"}))
        post = {"type": "post", "nonce": f"socket-{proxy.name}", "text": "over a socket"}
        await link.send(json.dumps(post))
        while not heard or heard[-1]["text"] != "over a socket":
            frame = json.loads(await link.recv())
            heard += frame.get("messages", [])
    return heard


def log_in(proxy: Proxy, origin: str) -> None:
    form = proxy.request("/admin/login/")
    token = SimpleCookie(form.headers["Set-Cookie"])["csrftoken"].value
    sent = {"username": "owner", "password": "correct horse", "csrfmiddlewaretoken": token}
    answer = proxy.request(
        "/admin/login/?next=/admin/",
        urllib.parse.urlencode(sent),
        Cookie=f"csrftoken={token}",
        Origin=origin,
        Referer=f"{origin}/admin/login/",
        Content_Type="application/x-www-form-urlencoded",
    )
    assert (answer.status, answer.headers["Location"]) == (302, "/admin/"), answer.text


# --- What a proxy keeps off ----------------------------------------------------------------------
def ends(link: socket.socket) -> bytes:
    """What is said before the connection ends. Raises `TimeoutError` where it doesn't."""
    said = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while data := link.recv(4096):
            said += data
    return said


@embedded
def test_who_is_slow_is_ended_by_the_proxy_and_who_waits_for_messages_is_not(behind):
    site, proxies = behind
    (log,) = site.sql("SELECT epoch, seq FROM chat_log")
    since = f"after={log['seq']}&epoch={log['epoch']}&wait=12"
    wait = f"GET /api/messages?{since} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
    head = f"POST /api/messages HTTP/1.1\r\nHost: {HOST}\r\n"
    waiting = [(proxy.dial(), wait) for proxy in proxies.values()]
    slow = [(proxy.dial(), head) for proxy in proxies.values()]
    slow.append((proxies[Nginx].dial(), f"{head}Content-Length: 99\r\n\r\nno"))
    for link, beginning in waiting + slow:
        link.sendall(beginning.encode())
    for link, _ in slow:
        assert not ends(link).startswith(b"HTTP/1.1 2")
    for link, _ in waiting:
        assert ends(link).startswith(b"HTTP/1.1 200")


@embedded
@pytest.mark.parametrize("kind", [Nginx, Caddy])
def test_a_body_that_is_too_large_is_refused_behind_a_proxy_too(behind, kind):
    _, proxies = behind
    link = proxies[kind].dial()
    length = 300 * 1024
    link.sendall(f"POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {length}\r\n\r\n".encode())
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        link.sendall(bytes(length))
    assert link.recv(4096).startswith(b"HTTP/1.1 413")


@embedded
def test_who_guesses_passwords_by_nginx_is_refused_there_and_nobody_else_is(behind):
    _, proxies = behind
    proxy = proxies[Nginx]
    tried = [proxy.request("/admin/login/", source="127.0.0.66").status for _ in range(15)]
    assert tried.count(429) >= 3
    assert proxy.request("/admin/login/", source="127.0.0.67").status == 200
    assert proxy.request("/", source="127.0.0.66").status == 200


@embedded
def test_a_flood_by_one_address_is_refused_by_nginx_and_a_page_with_all_its_files_is_not(behind):
    _, proxies = behind
    proxy = proxies[Nginx]
    link = http.client.HTTPConnection(proxy.host)
    statuses = []
    while 429 not in statuses and len(statuses) < 5000:
        link.sock = link.sock or proxy.dial("127.0.0.68")
        link.request("GET", "/healthz")
        answer = link.getresponse()
        answer.read()
        statuses.append(answer.status)
    assert set(statuses) == {200, 429}
    assert len(statuses) > 500, "it was refused too early"
    page = proxy.request("/", source="127.0.0.69").text
    files = re.findall(r'"(/static/[^"]+)"', page)
    for file in files * (200 // len(files)):
        assert proxy.request(file, source="127.0.0.69").status == 200, file


# --- Several processes by supervisor -------------------------------------------------------------
class Supervisor(Server):
    """supervisord with our program; only paths, the port and the user are the test's."""

    def __init__(self, folder: Path, variables: dict[str, str], data: str):
        super().__init__("supervisor", folder)
        self.env = folder / "chat.env"
        lines = {**variables, "CHAT_DATA": data}
        self.env.write_text("".join(f"{name}={shlex.quote(v)}\n" for name, v in lines.items()))
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_urls = [f"ws://127.0.0.1:{self.port}/ws/chat/"]
        self.processes = [self]  # they share one port

    def command(self):
        program = (DEPLOY / "supervisor.conf").read_text()
        me = subprocess.run(["id", "-un"], capture_output=True, text=True).stdout.strip()
        for ours, theirs in {
            "127.0.0.1:8000": f"127.0.0.1:{self.port}",
            "/etc/chat.env chat ": f"{self.env} {me} ",
            "/srv/chat/.venv": sys.prefix,
            "/srv/chat": str(ROOT),
            "/var/log": str(self.folder),
        }.items():
            assert ours in program
            program = program.replace(ours, theirs)
        file = self.folder / "supervisord.conf"
        file.write_text(
            f"[supervisord]\nnodaemon=true\nlogfile={self.folder}/main.log\n"
            f"pidfile={self.folder}/pid\nchildlogdir={self.folder}\n{program}"
        )
        return [shutil.which("supervisord"), "-n", "-c", str(file)]

    def answers(self):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.suppress(OSError), contextlib.closing(link):
            link.request("GET", "/healthz", headers={"Host": "localhost"})
            return link.getresponse().status == 200
        return False

    def children(self) -> list[int]:
        tasks = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(pid) for pid in tasks.split()]


@scaled
def test_supervisor_keeps_two_processes_on_one_socket(stack, join):
    variables, servers = stack.new_site()
    variables |= {"SECRET_KEY": "it's a $ecret! with %s " * 4, "CHAT_JOIN_RATE": ""}
    supervisor = Supervisor(stack.folder / "supervisor", variables, variables["CHAT_DATA"])
    supervisor.sql = lambda query: stack.sql(variables, query)
    supervisor.start()
    try:
        people = [join(supervisor, f"Person {number}") for number in range(8)]
        people[0].says("hello")
        for person in people:
            person.hears("hello")
        before = supervisor.children()
        assert len(before) == 2
        os.kill(before[0], 15)
        eventually(lambda: len(set(supervisor.children()) | set(before)) == 3, deadline=20)
        eventually(lambda: len(supervisor.children()) == 2, deadline=20)
        late = [join(supervisor, f"Late {number}") for number in range(8)]
        late[0].says("one was restarted")
        for person in late:
            person.hears("one was restarted")
    finally:
        supervisor.stop(deadline=20)
        for server in servers:
            server.stop()


# --- systemd -------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def units(tmp_path_factory):
    """The units, with this folder's paths, as the programs that they name must exist."""
    code, folder = copy_build(tmp_path_factory.mktemp("code")), tmp_path_factory.mktemp("units")
    for unit in [*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")]:
        (folder / unit.name).write_text(unit.read_text().replace("/srv/chat", str(code)))
    (several,) = re.findall(r"^(sed .*chat\.service)", OPERATIONS, re.MULTILINE)
    made = subprocess.run(["sh", "-euc", several], cwd=ROOT, capture_output=True, text=True)
    (folder / "chat@.service").write_text(made.stdout.replace("/srv/chat", str(code)))
    return folder


@embedded
def test_systemd_understands_every_unit(units):
    names = sorted(path.name for path in units.iterdir())
    assert names == ["chat-backup.service", "chat-backup.timer", "chat.service", "chat@.service"]
    several = (units / "chat@.service").read_text()
    assert "-p %i " in several
    assert "ExecStartPre" not in several
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(units / name for name in names)],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@embedded
@pytest.mark.parametrize("unit", ["chat.service", "chat-backup.service", "chat@.service"])
def test_a_unit_can_do_little_besides_its_work(units, unit):
    """Its exposure, of 10: a service without any of it has 9.2."""
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", units / unit],
        capture_output=True,
        text=True,
    )
    (exposure,) = re.findall(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert float(exposure) < 2
    text = (units / unit).read_text()
    assert {"UMask=0077", "StateDirectoryMode=0700"} <= set(text.splitlines())


@embedded
def test_the_units_have_one_sandbox():
    def sandbox(name: str) -> list[str]:
        text = (DEPLOY / name).read_text()
        return text.partition("# What it does not need")[2].partition("[Install]")[0].split("\n")

    lines = [line for line in sandbox("chat.service") if line]
    assert len(lines) > 20
    assert [line for line in sandbox("chat-backup.service") if line] == lines


@embedded
def test_a_process_works_where_no_memory_may_be_written_and_run(make_site, join):
    """MemoryDenyWriteExecute=, by the kernel itself (Linux 6.3), under which cffi must work."""
    deny = "import ctypes, os, sys; done = ctypes.CDLL(None).prctl(65, 1, 0, 0, 0);"
    deny += "print('denied' if done == 0 else 'an older kernel', flush=True);"
    run = "import runpy; sys.argv[0] = 'daphne'; runpy.run_module('daphne', run_name='__main__')"
    site = make_site(program=("-c", f"{deny} {run}"))
    join(site, "Ada").says("works")
    if tuple(map(int, os.uname().release.split(".")[:2])) >= (6, 3):
        assert site.processes[0].log.read_text().startswith("denied\n")


# --- the docs ------------------------------------------------------------------------------------
@embedded
def test_every_file_in_docs_deploy_is_in_the_docs_and_every_command_of_ours_is_there():
    for file in DEPLOY.iterdir():
        assert f"[{file.name}](deploy/{file.name})" in OPERATIONS, file.name
    listed = subprocess.run(
        [sys.executable, "manage.py", "help", "--commands"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ,
    ).stdout.split()
    named = set(re.findall(r"bin/manage ([a-z_]+)", OPERATIONS))
    named |= set(re.findall(r"python manage\.py ([a-z_]+)", OPERATIONS))
    assert {"backup", "restore", "bring_sqlite", "createsuperuser", "changepassword"} <= named
    assert named <= set(listed)


@embedded
def test_every_block_of_commands_in_the_docs_is_a_shells():
    blocks = re.findall(r"```sh\n(.*?)```", OPERATIONS, re.DOTALL)
    assert len(blocks) > 10
    for block in blocks:
        done = subprocess.run(["sh", "-n"], input=block, capture_output=True, text=True)
        assert done.returncode == 0, f"{block}\n{done.stderr}"
        for path in re.findall(r"(?<= )docs/deploy/\S+", block):
            assert list(ROOT.glob(path)), path
