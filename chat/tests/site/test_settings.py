"""A wrong value stops the start, with its name and a hint."""

import os
import stat
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from chat.tests.support.servers import ROOT, without_product_variables
from chat.tests.support.settings import settings_of

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


def start(tmp_path, **env) -> subprocess.CompletedProcess:
    env = without_product_variables() | {"CHAT_DATA": str(tmp_path)} | env
    command = [sys.executable, "manage.py", "check"]
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True)


def test_without_any_value_it_starts_and_keeps_a_secret_of_its_own(tmp_path):
    assert start(tmp_path).returncode == 0
    secret = tmp_path / "secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    made = secret.read_text()
    assert len(made) >= 50
    assert start(tmp_path).returncode == 0
    assert secret.read_text() == made


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("DEBUG", "perhaps", "1 or 0"),
        ("CHAT_HTTPS", "maybe", "1 or 0"),
        ("PORT", "http", "whole number"),
        ("CHAT_SOCKETS", "-1", "whole number"),
        ("CHAT_SOCKETS_PER_ADDRESS", "many", "whole number"),
        ("CHAT_TRUSTED_HOPS", "1.5", "whole number"),
        ("CHAT_NAME_DAYS", "month", "whole number"),
        ("CHAT_POST_RATE", "often", "10/10 seconds"),
        ("CHAT_JOIN_RATE", "10 per blink", "10/10 seconds"),
        ("CHAT_JOIN_RATE", "0/minute", "10/10 seconds"),
        ("CHAT_REQUEST_RATE", "600", "10/10 seconds"),
        ("CHAT_HANDSHAKE_RATE", "600/fortnight", "10/10 seconds"),
        ("CHAT_POSTS_PER_ADDRESS", "-1/minute", "10/10 seconds"),
        ("CHAT_RESUME_BYTES_PER_ADDRESS", "16 MB/minute", "16 MiB/minute"),
        ("CHAT_POST_BYTES_PER_ADDRESS", "0 MiB/10 seconds", "1 MiB/10 seconds"),
        ("CHAT_ROOM_PACE", "256 KiB", "256 KiB/second"),
        ("CHAT_ROOM_PACE", "256 KiB/blink", "256 KiB/second"),
        ("CHAT_LIMITS", "some", "1 or 0"),
        ("CHAT_ORIGINS", "example.org", "https://"),
        ("DATABASE_URL", "mysql://localhost/chat", "postgres://"),
        ("DATABASE_URL", "nonsense", "postgres://"),
        ("REDIS_URL", "localhost:6379", "redis://"),
        ("CHAT_DATA", "/proc/nowhere", "folder"),
    ],
)
@pytest.mark.filterwarnings("ignore:Engine not recognized")  # what the library says besides
def test_a_wrong_value_stops_the_start_with_its_name_and_a_hint(tmp_path, name, value, hint):
    with pytest.raises(ImproperlyConfigured) as caught:
        settings_of(**{"CHAT_DATA": str(tmp_path), name: value})
    assert name in str(caught.value)
    assert hint in str(caught.value)


def test_what_stops_the_start_is_the_last_that_a_command_says(tmp_path):
    done = start(tmp_path, CHAT_POST_RATE="often")
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert "CHAT_POST_RATE" in last
    assert "10/10 seconds" in last


def test_on_heroku_there_is_no_start_without_a_secret(tmp_path):
    done = start(tmp_path, DYNO="web.1")
    assert done.returncode != 0
    assert "SECRET_KEY" in done.stderr.strip().splitlines()[-1]
    assert not os.path.exists(tmp_path / "secret")
    servers = {"DATABASE_URL": "postgres://host/chat", "REDIS_URL": "rediss://host:6379"}
    assert start(tmp_path, DYNO="web.1", SECRET_KEY="x" * 50, **servers).returncode == 0
