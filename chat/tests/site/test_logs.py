"""Each line has a time: ours, where nobody adds one."""

import os
import re
import subprocess
import sys
from logging import makeLogRecord

import pytest

from chat.policy.refusals import Refusals
from chat.tests.support.servers import ROOT, without_product_variables
from chatsite import logs
from chatsite.logs import Strangers

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ "
SAYS = "import django, logging; django.setup(); logging.getLogger('x').warning('two\\nlines')"


def line(tmp_path, **env: str) -> str:
    """What a process whose output goes to a file logs; `journal` stands for that very file."""
    file = tmp_path / "output"
    with file.open("w") as output:
        found = os.fstat(output.fileno())
        known = {"journal": f"{found.st_dev}:{found.st_ino}"}
        own = {"CHAT_DATA": str(tmp_path / "data"), "DJANGO_SETTINGS_MODULE": "chatsite.settings"}
        subprocess.run(
            [sys.executable, "-c", SAYS],
            cwd=ROOT,
            env=without_product_variables()
            | own
            | {name: known.get(value, value) for name, value in env.items()},
            stdout=output,
            check=True,
        )
    return file.read_text()


def test_a_line_has_its_time_where_nobody_adds_one(tmp_path):
    assert re.fullmatch(TIME + r"WARNING x two lines\n", line(tmp_path))
    # A terminal inherits the variable of the service that it was started by.
    assert re.match(TIME, line(tmp_path, JOURNAL_STREAM="8:1"))


def test_what_is_wrong_with_a_request_is_counted_and_no_line(rf, monkeypatch):
    found = Refusals()
    monkeypatch.setattr(logs, "refusals", found)
    told = Strangers()
    request = rf.post("/admin/", REMOTE_ADDR="192.0.2.7")
    about = {"request": request, "status_code": 403}
    assert not told.filter(makeLogRecord({"name": "django.security.csrf", **about}))
    assert not told.filter(makeLogRecord({"name": "django.security.csrf", **about}))
    assert not told.filter(makeLogRecord({"name": "django.security.SuspiciousSession"}))
    assert told.filter(makeLogRecord({"name": "django.request", "status_code": 500}))
    assert told.filter(makeLogRecord({"name": "chat.relay"}))
    assert found.lines() == [
        "refused 2 of 192.0.2.7/32: bad requests, csrf",
        "refused 1 of unknown: bad requests, SuspiciousSession",
    ]


def test_in_the_journal_and_on_heroku_it_has_none_of_ours(tmp_path):
    assert line(tmp_path, JOURNAL_STREAM="journal") == "WARNING x two lines\n"
    heroku = {"DYNO": "web.1", "SECRET_KEY": "x" * 50, "DATABASE_URL": "postgres://host/chat"}
    assert line(tmp_path, **heroku) == "WARNING x two lines\n"
