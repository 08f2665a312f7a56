"""The real PgBouncer between the site and PostgreSQL, as it comes: nothing is told to ignore."""

import json
import subprocess
import sys

import psycopg
import pytest
from psycopg.rows import dict_row

from chat.tests.support import eventually
from chat.tests.support.servers import ROOT, Postgres, Server, manage, without_product_variables

pytestmark = pytest.mark.stack("scaled")

BOUNDS = {
    "lock_timeout": "2s",
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "5s",
}


class PgBouncer(Server):
    """It pools the sessions of a PostgreSQL."""

    user = Postgres._owner()  # it refuses to be root, too

    def __init__(self, folder, postgres: Postgres, mode: str):
        super().__init__(f"pgbouncer-{mode}", folder)
        self._postgres, self._file = postgres, folder / f"{mode}.ini"
        (folder / "users.txt").write_text('"chat" ""\n')
        self._file.write_text(
            f"[databases]\n* = host=127.0.0.1 port={postgres.port} user=chat\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\n"
            f"unix_socket_dir =\nauth_type = trust\nauth_file = {folder / 'users.txt'}\n"
            f"pool_mode = {mode}\n"
        )

    def command(self):
        return ["/usr/sbin/pgbouncer", str(self._file)]

    def url(self, database: str) -> str:
        return f"postgres://chat@127.0.0.1:{self.port}/{database}"

    def answers(self):
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=5) as link:
                link.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


@pytest.fixture
def pooler(stack):
    """Factory: `pooler("session")`, before the stack's PostgreSQL."""
    started: list[Server] = []

    def pooler(mode: str) -> PgBouncer:
        started.append(PgBouncer(stack.folder / "pgbouncer", stack.postgres, mode))
        started[-1].start()
        return started[-1]

    yield pooler
    for server in started:
        server.stop()


def ask_the_pool(url: str, data, *extra: str) -> dict:
    """What a connection of a process's pool says of its time-outs, the second time it is used."""
    code = f"""
import json, django
django.setup()
from django.db import connection
found = {{}}
for name in {list(BOUNDS)!r}:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {{name}}")
        found[name] = cursor.fetchone()[0]
    connection.close()  # back to the pool
print(json.dumps(found))
connection.close_pool()
"""
    env = {"DATABASE_URL": url, "CHAT_DATA": str(data), "REDIS_URL": "redis://127.0.0.1:1"}
    done = subprocess.run(
        [sys.executable, "-c", code, *extra],
        cwd=ROOT,
        env=without_product_variables() | env | {"DJANGO_SETTINGS_MODULE": "chatsite.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_people_talk_through_it_and_every_session_has_its_time_outs(make_site, pooler, join, stack):
    between = pooler("session")
    database = stack.new_site()[0]["DATABASE_URL"].rpartition("/")[2]
    site = make_site(DATABASE_URL=between.url(database))
    ada, bob = join(site, "Ada"), join(site, "Bob", process=1)
    ada.says("through a pooler")
    bob.hears("through a pooler")
    eventually(lambda: site.request("/readyz").status == 200)
    # Somebody hangs with the log's lock: who waits is let go after 2 s, not when they end.
    with psycopg.connect(stack.postgres.url(database), row_factory=dict_row) as link:
        link.execute("SELECT * FROM chat_log FOR UPDATE")
        ada.posts("meanwhile", nonce="meanwhile-1")
        log = site.processes[0].log
        eventually(lambda: "lock timeout" in log.read_text(), deadline=20)
    ada.is_accepted("meanwhile-1")
    bob.hears("meanwhile")


def test_the_time_outs_of_the_url_stay_in_force_and_migrations_take_their_time(
    pooler, stack, tmp_path
):
    session, direct = pooler("session").url("postgres"), stack.postgres.url("postgres")
    assert ask_the_pool(session, tmp_path) == BOUNDS
    assert ask_the_pool(direct, tmp_path) == BOUNDS
    own = ask_the_pool(f"{direct}?options=-c%20statement_timeout%3D9s", tmp_path)
    assert own == BOUNDS | {"statement_timeout": "9s"}
    assert ask_the_pool(session, tmp_path, "migrate")["statement_timeout"] == "0"


def test_a_pooler_that_shares_sessions_stops_the_release(pooler, stack, tmp_path):
    database = stack.new_site()[0]["DATABASE_URL"].rpartition("/")[2]
    env = {"CHAT_DATA": str(tmp_path), "REDIS_URL": "redis://127.0.0.1:1"}
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--noinput"],
        cwd=ROOT,
        env=without_product_variables()
        | env
        | {"DATABASE_URL": pooler("transaction").url(database)},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "chat.E010" in done.stderr
    manage("migrate", "--noinput", env=env | {"DATABASE_URL": pooler("session").url(database)})
