"""The fixtures of the abuse suite."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest

from bench import machine
from chat.tests.abuse.attacks import AT_REDIS, ATTACKS, FAMILIES
from chat.tests.abuse.evening import Report
from chat.tests.abuse.posts import BIG
from chat.tests.support.site import UNLIMITED, Site

LARGE = 600  # messages


def pytest_generate_tests(metafunc):
    """In full each attack by itself; in short all of a family at once."""
    full = metafunc.config.getoption("length") == "full"
    families = list(FAMILIES.items())
    alone = [(one.name, [one]) for one in ATTACKS.values() if one not in AT_REDIS]
    crowds = [("all of these at once", [one for _, (one,) in alone if one.crowd])]
    if full:
        crowds += [(name, [one]) for name, (one,) in alone if one.crowd]
    for fixture, groups in ("family", alone if full else families), ("crowd", crowds):
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, groups, ids=[name for name, _ in groups])


@pytest.fixture
def seconds(pytestconfig):
    """How long an attack goes on."""
    return {"short": 3.0, "full": 30.0}[pytestconfig.getoption("length")]


@pytest.fixture
def noise(pytestconfig):
    """How many times as long as promised it may take: in short, others share the cores with it."""
    if pytestconfig.getoption("length") == "full":
        return 1.0
    return 4.0 * max(1.0, os.getloadavg()[0] / len(machine.CORES))


@pytest.fixture
def open_room(stack):
    """Factory: a site with its default limits, in whose database these statements were run."""
    made: list[Site] = []

    def open_room(*statements: str) -> Site:
        made.append(Site(stack, dict.fromkeys(UNLIMITED)))
        if statements:
            made[-1].transaction(*statements)
            for process in made[-1].processes:
                process.restart()
        return made[-1]

    yield open_room
    for site in made:
        site.close()


@pytest.fixture
def large():
    """The statements that fill a room with messages as large as there may be."""
    numbers = f"n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {LARGE})"
    return [
        f"WITH RECURSIVE {numbers} INSERT INTO chat_message"
        " (seq, rev, author, name, text, nonce, at, hidden_by)"
        f" SELECT i, i, 'filler', 'Filler', '{BIG}', 'filler-' || i, CURRENT_TIMESTAMP, '' FROM n",
        f"UPDATE chat_log SET seq = {LARGE}",
    ]


@pytest.fixture
def record(pytestconfig):
    """Note a report, for the table and for whoever reads the test's output."""

    def record(report: Report) -> Report:
        print(report)
        if file := pytestconfig.getoption("record"):
            with Path(file).open("a") as lines:
                lines.write(json.dumps(asdict(report)) + "\n")
        return report

    return record
