"""A setting that loses messages, cuts people off, or lets somebody cheat is told, with a hint."""

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from chat.tests.support.servers import ROOT, without_product_variables
from chat.tests.support.settings import check, settings_of

pytestmark = pytest.mark.stack("embedded")  # no server is asked: once is enough

SECRET = "0123456789abcdef" * 4
HEROKU = {
    "DYNO": "web.1",
    "SECRET_KEY": SECRET,
    "DATABASE_URL": "postgres://user:password@database.example:5432/chat",
    "REDIS_URL": "rediss://:password@keys.example:6379",
}
NO_DATABASE = {name: value for name, value in HEROKU.items() if name != "DATABASE_URL"}
REDIS = {"REDIS_URL": "redis://127.0.0.1:6379"}


@pytest.mark.parametrize(
    ("code", "words", "env"),
    [
        ("E001", "heroku-postgresql", NO_DATABASE),
        ("E001", "heroku-postgresql", HEROKU | {"DATABASE_URL": "sqlite:////tmp/chat.sqlite3"}),
        ("E002", "heroku-redis", HEROKU | {"REDIS_URL": ""}),
        ("W003", "REDIS_URL", {"WEB_CONCURRENCY": "2"}),
        ("E004", "config:unset", HEROKU | {"CHAT_TRUSTED_HOPS": "0"}),
        ("W005", "Say 1", HEROKU | {"CHAT_TRUSTED_HOPS": "2"}),
        ("W006", "CHAT_TRUSTED_HOPS=0", {"CHAT_TRUSTED_HOPS": "1"}),
        ("W007", "CHAT_TRUSTED_HOPS=1", {"CHAT_HTTPS": "1"}),
        ("W008", "ALLOWED_HOSTS=chat.example.org", {"ALLOWED_HOSTS": "*"}),
    ],
)
def test_a_dangerous_setting_is_told_with_what_to_do(tmp_path, code, words, env):
    (found,) = check(CHAT_DATA=str(tmp_path), **env)
    assert found.id == f"chat.{code}"
    assert found.is_serious() is code.startswith("E")
    assert words in found.hint


def test_a_secret_that_other_machines_do_not_have_is_told_before_a_deploy(tmp_path):
    def ids(**env) -> list[str]:
        return [found.id for found in check(CHAT_DATA=str(tmp_path), **REDIS, **env)]

    assert "chat.W009" in ids(deploy=True)
    assert "chat.W009" not in ids(deploy=True, SECRET_KEY=SECRET)
    assert not ids()


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"WEB_CONCURRENCY": "1"},
        {"WEB_CONCURRENCY": "2", **REDIS},
        {"CHAT_HTTPS": "1", "CHAT_TRUSTED_HOPS": "1"},
    ],
)
def test_a_sound_setting_is_passed_in_silence(tmp_path, env):
    assert check(CHAT_DATA=str(tmp_path), **env) == []


@pytest.mark.parametrize(
    "env",
    [
        HEROKU | {"WEB_CONCURRENCY": "2"},  # Heroku's buildpack sets it, whatever is served
        HEROKU | {"HEROKU_APP_DEFAULT_DOMAIN_NAME": "app-0123456789ab.herokuapp.com"},
        HEROKU | {"ALLOWED_HOSTS": "chat.example.org"},
        {
            **REDIS,
            "SECRET_KEY": SECRET,
            "CHAT_HTTPS": "1",
            "CHAT_TRUSTED_HOPS": "1",
            "ALLOWED_HOSTS": "chat.example.org",
        },
    ],
)
def test_before_a_deploy_heroku_and_a_machine_behind_a_proxy_are_clean(tmp_path, env):
    assert check(deploy=True, CHAT_DATA=str(tmp_path), **env) == []


def tables(database: Path) -> list:
    """What is in it; Django's own check of a column looks into the file, and so makes it."""
    with contextlib.closing(sqlite3.connect(database)) as link:
        return link.execute("SELECT name FROM sqlite_master").fetchall()


def test_heroku_stops_a_release_that_would_keep_messages_on_a_dyno(tmp_path):
    env = {**without_product_variables(), **NO_DATABASE, "CHAT_DATA": str(tmp_path)}
    release = [sys.executable, *"manage.py migrate --noinput".split()]
    done = subprocess.run(release, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode != 0
    assert "chat.E001" in done.stderr
    assert not tables(tmp_path / "chat.sqlite3")


def test_the_host_of_the_app_is_the_only_one_where_heroku_tells_it(tmp_path):
    name = "app-0123456789ab.herokuapp.com"
    for env, hosts in [
        (HEROKU, [".herokuapp.com"]),
        (HEROKU | {"HEROKU_APP_DEFAULT_DOMAIN_NAME": name}, [name]),
        (HEROKU | {"ALLOWED_HOSTS": "a.example,b.example"}, ["a.example", "b.example"]),
    ]:
        assert settings_of(CHAT_DATA=str(tmp_path), **env)["ALLOWED_HOSTS"] == hosts
