"""Who runs the site asks it how it is, and gets a true answer in time."""

import asyncio
import threading
import time

import pytest

from chat.ops import health
from chat.tests.support import eventually
from chat.tests.support.servers import Postgres, manage

# A file and this process's own memory can't be stopped.
with_servers = pytest.mark.stack("scaled")

PARTS = ("database", "migrations", "posts", "channel_layer", "descriptors")
OK = dict.fromkeys(PARTS, "ok")


@pytest.fixture(scope="module")
def postgres(pytestconfig, tmp_path_factory):
    """One of our own, with a database that is migrated: the stack's is in use by others."""
    server = Postgres(pytestconfig.stack.folder / "health")
    server.start()
    server.execute("CREATE DATABASE chat")
    data = tmp_path_factory.mktemp("health")  # it will be its owner's alone
    env = {"DATABASE_URL": server.url("chat"), "CHAT_DATA": str(data)}
    manage("migrate", "--noinput", env=env)
    yield server
    if server.process:
        server.stop()


@pytest.fixture
def fragile(make_site, postgres):
    """A site whose servers may be stopped and frozen."""
    site = make_site(DATABASE_URL=postgres.url("chat"), processes=1)
    eventually(lambda: is_ready(site))
    yield site
    if postgres.process:
        postgres.resume()


def is_ready(site) -> bool:
    return site.request("/readyz").status == 200


def fails(site, **parts: str) -> bool:
    """Whether it says so, and in time."""
    began = time.monotonic()
    answer = site.request("/readyz")
    assert time.monotonic() - began < 5
    return answer.status == 503 and answer.json() == OK | parts


def is_alive(site) -> bool:
    began = time.monotonic()
    answer = site.request("/healthz")
    assert time.monotonic() - began < 5  # whatever hangs, for longer
    return (answer.status, answer.body) == (200, b"ok\n")


def test_a_site_that_runs_is_alive_and_ready(site):
    assert is_alive(site)
    eventually(lambda: is_ready(site))
    assert site.request("/readyz").json() == OK


def test_no_answer_is_kept_by_anyone_and_none_sets_a_cookie(site):
    for path in ("/healthz", "/readyz"):
        headers = site.request(path).headers
        assert headers["cache-control"] == "no-store"
        assert "set-cookie" not in headers


def test_they_answer_in_plain_http_where_all_else_is_https(make_site):
    site = make_site(CHAT_HTTPS="1", CHAT_TRUSTED_HOPS="1")
    assert is_alive(site)
    eventually(lambda: is_ready(site))


def test_before_a_migration_has_run_it_is_not_ready(make_site):
    site = make_site()
    eventually(lambda: is_ready(site))
    (row,) = site.sql("SELECT id FROM django_migrations WHERE app = 'chat' AND name LIKE '0001%'")
    site.sql(f"UPDATE django_migrations SET name = 'other' WHERE id = {row['id']}")
    eventually(lambda: fails(site, migrations="failing"))
    site.sql(f"UPDATE django_migrations SET name = '0001_tables' WHERE id = {row['id']}")
    eventually(lambda: is_ready(site))


@with_servers
@pytest.mark.parametrize("way", ["stop", "pause"])
def test_without_redis_it_is_not_ready_and_afterwards_it_is(fragile, way):
    getattr(fragile.redis, way)()
    assert eventually(lambda: fails(fragile, channel_layer="failing"), deadline=5)
    assert is_alive(fragile)
    if way == "stop":
        fragile.redis.start()
    else:
        fragile.redis.resume()
    assert eventually(lambda: is_ready(fragile), deadline=20)


@with_servers
@pytest.mark.parametrize("way", ["stop", "pause"])
def test_without_its_database_it_is_not_ready_and_afterwards_it_is(fragile, postgres, way):
    getattr(postgres, way)()
    failing = {"database": "failing", "migrations": "unknown", "posts": "unknown"}
    assert eventually(lambda: fails(fragile, **failing), deadline=5)
    assert is_alive(fragile)
    if way == "stop":
        postgres.start()
    else:
        postgres.resume()
    assert eventually(lambda: is_ready(fragile), deadline=20)


@with_servers
@pytest.mark.parametrize("server", ["redis", "postgres"])
def test_an_outage_is_one_line_in_the_log_however_long(fragile, postgres, server):
    log = fragile.processes[0].log
    before = log.read_text().count("\n")
    away = fragile.redis if server == "redis" else postgres
    away.stop()
    long = time.monotonic() + 5  # all of them try again every second or two
    eventually(lambda: not is_ready(fragile) and time.monotonic() > long)
    away.start()
    eventually(lambda: is_ready(fragile), deadline=20)
    lines = [line.partition(" ")[2] for line in log.read_text().splitlines()[before:]]  # no time
    # PostgreSQL's pool alone knows why it can't connect.
    warnings = [line for line in lines if line.startswith("WARNING") and "psycopg" not in line]
    assert len(warnings) <= 1, lines
    assert len([line for line in lines if "psycopg.pool" in line]) <= 1, lines
    assert not [line for line in lines if not line.startswith(("WARNING", "INFO"))], lines


async def test_however_many_ask_a_frozen_database_is_asked_once(monkeypatch):
    answer, asked = threading.Event(), []

    def ask():
        asked.append(1)
        return answer.wait(10)

    monkeypatch.setattr(health, "is_migrated", ask)
    monkeypatch.setattr(health, "PATIENCE", 0.05)
    monkeypatch.setattr(health, "FRESH", 0.0)
    probe = health.Probe()
    for _ in range(5):
        for parts in await asyncio.gather(*(probe.look() for _ in range(20))):
            assert parts["database"] == "failing"
    assert len(asked) == 1
    monkeypatch.setattr(health.upkeep, "try_out", lambda: None)
    answer.set()
    monkeypatch.setattr(health, "PATIENCE", 5)
    assert (await probe.look())["database"] == "ok"
