"""A backup is whole whenever it is made, and what is put back is what it had."""

import contextlib
import os
import re
import resource
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from chat.tests.support import forked
from chat.tests.support.servers import ROOT, without_product_variables
from chat.tests.support.site import Embedded, Site

embedded, scaled = pytest.mark.stack("embedded"), pytest.mark.stack("scaled")


def manage(site: Site, *arguments) -> subprocess.CompletedProcess:
    """Where it may be refused."""
    return forked.run("manage.py", *map(str, arguments), cwd=ROOT, env=variables(site))


def variables(site: Site) -> dict[str, str]:
    return {**without_product_variables(), **site.env}


def stop(site: Site) -> None:
    for number in range(len(site.processes)):
        site.stop(number)


def start(site: Site) -> None:
    for number in range(len(site.processes)):
        site.start(number)


def test_a_backup_is_put_back_under_a_new_epoch(make_site, join, tmp_path):
    site, file = make_site(), tmp_path / "chat.backup"
    ada = join(site, "Ada", cookie=site.cookie())
    ada.says("in the backup")
    site.manage("backup", str(file))
    before = file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lost = ada.says("after the backup")
    stop(site)
    done = manage(site, "restore", file)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("Simple chat's database: ")
    assert site.sql("SELECT epoch FROM chat_log")[0]["epoch"] in done.stdout
    start(site)
    assert ada.resumes()["resumed"] is False
    assert [message["text"] for message in ada.history] == ["in the backup"]
    assert ada.says("another one under that number") == lost
    assert file.read_bytes() == before


def test_each_night_replaces_the_last_one_and_a_failed_one_leaves_it(site, tmp_path):
    file = tmp_path / "nightly"
    site.manage("backup", str(file))
    first = file.stat().st_ino
    site.manage("backup", str(file))
    assert file.stat().st_ino != first
    whole = file.read_bytes()
    # No file may become larger than this: as on a full disk, it breaks off in the middle.
    small = 4096 if site.postgres else 50_000
    done = subprocess.run(
        [sys.executable, "manage.py", "backup", str(file)],
        cwd=ROOT,
        env=variables(site),
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (small, small)),
    )
    assert done.returncode != 0
    assert "There is no backup." in done.stderr.splitlines()[-1]
    assert file.read_bytes() == whole
    assert os.listdir(tmp_path) == ["nightly"]


def test_nothing_is_replaced_but_a_backup(site, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("no backup")
    refused = [precious, tmp_path]
    if not site.postgres:
        database = Path(site.env["CHAT_DATA"]) / "chat.sqlite3"
        (tmp_path / "link").symlink_to(database)
        refused += [database, tmp_path / "link"]
    for file in refused:
        done = manage(site, "backup", file)
        assert done.returncode != 0, file
        assert "There is no backup." in done.stderr.splitlines()[-1]
    assert precious.read_text() == "no backup"
    assert site.request("/readyz").status == 200


def test_the_codes_of_strftime_make_one_for_each_weekday(site, tmp_path):
    site.manage("backup", f"{tmp_path}/chat-%a")
    (name,) = os.listdir(tmp_path)
    assert re.fullmatch("chat-(Mon|Tue|Wed|Thu|Fri|Sat|Sun)", name)


def test_while_somebody_speaks_every_backup_is_one_moment(site, join, tmp_path):
    ada = join(site, "Ada")
    for number in range(3):
        nonces = [ada.posts(f"{number}, {n}") for n in range(100)]
        site.manage("backup", f"{tmp_path}/{number}")
        for nonce in nonces:
            ada.is_accepted(nonce)
    if site.postgres:
        return  # pg_dump's word must do; the round trip is shown above
    for number in range(3):
        with contextlib.closing(sqlite3.connect(tmp_path / str(number))) as link:
            assert link.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            (seq,) = link.execute("SELECT seq FROM chat_log").fetchone()
            revs = [rev for (rev,) in link.execute("SELECT rev FROM chat_message ORDER BY rev")]
            assert revs == list(range(1, seq + 1))


def test_nothing_is_restored_while_a_process_runs(site, join, tmp_path):
    file = tmp_path / "chat.backup"
    ada = join(site, "Ada in the room")
    site.manage("backup", str(file))
    said = ada.says("must stay")
    done = manage(site, "restore", file)
    assert done.returncode != 0
    assert "stop every process first" in done.stderr.splitlines()[-1]
    assert ada.says("so must this") == said + 1


def test_what_is_no_backup_of_ours_is_not_restored(make_site, join, tmp_path):
    site = make_site()
    join(site, "Ada").says("must stay")
    site.manage("backup", f"{tmp_path}/good")
    stop(site)
    (tmp_path / "text").write_text("no database\n" * 1000)
    (tmp_path / "half").write_bytes((tmp_path / "good").read_bytes()[:40_000])
    (tmp_path / "empty").touch()
    with contextlib.closing(sqlite3.connect(tmp_path / "foreign")) as link:
        link.execute("CREATE TABLE something (x)")
    for name in ("text", "half", "empty", "foreign", "missing"):
        done = manage(site, "restore", tmp_path / name)
        assert done.returncode != 0, name
        assert done.stderr.splitlines()[-1].startswith("CommandError: Nothing is restored. "), name
    assert [row["text"] for row in site.messages()] == ["must stay"]


def test_a_backup_of_a_newer_version_is_not_restored(make_site, tmp_path):
    site, file = make_site(), tmp_path / "newer"
    stop(site)
    site.sql(
        "INSERT INTO django_migrations (app, name, applied)"
        " VALUES ('chat', '9999_new', '2030-01-01 00:00:00')"
    )
    site.manage("backup", str(file))
    site.sql("DELETE FROM django_migrations WHERE name = '9999_new'")
    before = site.sql("SELECT epoch FROM chat_log")
    done = manage(site, "restore", file)
    assert "newer Simple chat's, which has chat.9999_new" in done.stderr
    assert site.sql("SELECT epoch FROM chat_log") == before


@embedded
def test_what_was_there_before_a_restore_is_kept_whole(make_site, join, tmp_path):
    site, file = make_site(), tmp_path / "chat.backup"
    site.manage("backup", str(file))
    join(site, "Ada").says("after the backup")
    site.processes[0].kill()  # what it said is in the -wal alone
    folder = Path(site.env["CHAT_DATA"])
    assert (folder / "chat.sqlite3-wal").stat().st_size
    site.manage("restore", str(file))
    assert site.messages() == []
    (kept,) = folder.glob("chat.sqlite3.before-*")
    with contextlib.closing(sqlite3.connect(kept)) as link:
        assert link.execute("SELECT text FROM chat_message").fetchall() == [("after the backup",)]
    assert stat.S_IMODE((folder / "chat.sqlite3").stat().st_mode) == 0o600


@embedded
def test_a_damaged_database_can_be_replaced(make_site, join, tmp_path):
    site, file = make_site(), tmp_path / "chat.backup"
    join(site, "Ada").says("in the backup")
    site.manage("backup", str(file))
    stop(site)
    database = Path(site.env["CHAT_DATA"]) / "chat.sqlite3"
    database.write_bytes(b"damaged" * 10_000)
    site.manage("restore", str(file))
    assert [row["text"] for row in site.messages()] == ["in the backup"]


# --- from SQLite to PostgreSQL -------------------------------------------------------------------
@scaled
def test_a_room_moves_from_sqlite_to_postgresql_and_its_pages_go_on(stack, make_site, join):
    small = Site(Embedded(stack.folder / "moving"), {})
    try:
        ada = join(small, "Ada", cookie=small.cookie())
        eve = join(small, "Eve", cookie=small.cookie())
        eve.says("spam")
        ada.says("here on SQLite")
        hide = (
            "from chat.models import *; from chat.log import change;"
            "from django.contrib.auth.models import *; from django.contrib.admin.models import *;"
            "from django.contrib.sessions.backends.db import SessionStore;"
            "user = User.objects.create_superuser('owner', password='x');"
            "user.groups.add(Group.objects.get(name='Moderators'));"
            "s = SessionStore(); s['_auth_user_id'] = '1'; s.create();"
            "change.hide(Message.objects.filter(text='spam'), 'owner');"
            "Ban.objects.create(network='203.0.113.0/24', by='owner');"
            "Ban.objects.update(made_at='2020-02-02T02:02:02Z');"
            "LogEntry.objects.create(user=user, action_flag=2, object_repr='x');"
            "Room.objects.update(title='Our room')"
        )
        small.manage("shell", "--verbosity", "0", "-c", hide)
        ada.catches_up()
        small.stop()
        file = stack.folder / "moving.sqlite3"
        small.manage("backup", str(file))
        compared = {
            table: small.sql(f"SELECT count(*) AS n FROM {table}")
            for table in (
                *("chat_message", "chat_member", "chat_ban", "chat_room", "chat_log"),
                *("auth_user", "auth_user_groups", "auth_permission", "auth_group_permissions"),
                *("django_session", "django_admin_log", "django_content_type"),
            )
        }
        head = small.sql("SELECT epoch, seq FROM chat_log")
        big = make_site(SECRET_KEY=small.env["SECRET_KEY"])
        stop(big)
        moved = manage(big, "bring_sqlite", file)
        assert moved.returncode == 0, moved.stderr
        assert big.sql("SELECT epoch, seq FROM chat_log") == head
        for table, count in compared.items():
            assert big.sql(f"SELECT count(*) AS n FROM {table}") == count, table
        (ban,) = big.sql("SELECT made_at FROM chat_ban")
        assert ban["made_at"].year == 2020
        again = manage(big, "bring_sqlite", file)
        assert "has messages already" in again.stderr
        start(big)
        ada._site = big
        assert ada.resumes()["resumed"] is True
        assert ada.says("here on PostgreSQL") == head[0]["seq"] + 1
        assert join(big, "Bob").history[-2]["text"] == "here on SQLite"
        # New rows take numbers that are free.
        make = "from chat.models import Ban; print(Ban.objects.create(network='::/64').pk)"
        assert big.manage("shell", "--verbosity", "0", "-c", make).strip() == "2"
    finally:
        small.close()
