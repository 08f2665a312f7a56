"""How wide the door is: what a visitor costs, and what a room notices of a thousand strangers.

    python -m bench.door [--only NAME…] [--runs 3] [--keep]

Prints the figures as they come, then tables in Markdown; --keep puts them into RESULTS.md.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bench import door_report, machine, report
from bench.contestants import Contestant, Lab, Running, contestants
from bench.door_report import BASE, RATE, ROOM, SECONDS, STORED, STRANGERS, TALK, WITHIN
from bench.growth import filled
from bench.kept import keep
from bench.machine import LOADING, pinned
from bench.trial import NoAnswer, Trial
from chat.tests.support.servers import ROOT, stop_all

TUTORIAL = "Channels tutorial, memory"
COUNT = 200  # visitors of whom each first comes, then comes back
BEFORE, DURING, GRACE = 10, 12, 5  # seconds of talk


def doors() -> list[Contestant]:
    ours = {"Simple chat, SQLite": "embedded", "Simple chat, PostgreSQL + Redis": "scaled"}
    return [
        *(
            Contestant(name, "ours", lambda lab, each, stack=stack: _ours(lab, each, stack))
            for name, stack in ours.items()
        ),
        *(one for one in contestants() if one.name in {BASE, TUTORIAL}),
    ]


def _ours(lab: Lab, each: float, stack: str) -> Running:
    return lab.ours(stack, each, prepare=filled(STORED))


def measure(lab: Lab, one: Contestant) -> dict:
    """All figures of one contestant, once."""
    running = one.start(lab, 0)
    try:
        alone = {
            "do": "one_by_one",
            "count": COUNT,
            "pids": [server.pid for server in running.servers],
        }
        figures = {"name": one.name, **_answer(_visitors(running, one, alone))}
        many = {"do": "arrivals", "rate": RATE, "seconds": SECONDS, "stay": False}
        figures |= _named("arrivals", _answer(_visitors(running, one, many)))
    finally:
        running.stop()
    if one.most < ROOM + STRANGERS:
        return figures | {"why": f"it takes {one.most:,} clients by default"}
    return figures | _room(lab, one)


def _room(lab: Lab, one: Contestant) -> dict:
    trial = Trial(one.start(lab, TALK / ROOM), one.protocol, ROOM)
    try:
        trial.join()
        before = trial.say(TALK, BEFORE, GRACE)
        order = {"do": "arrivals", "rate": STRANGERS / WITHIN, "seconds": WITHIN, "stay": True}
        strangers = _visitors(trial.running, one, order)
        during = trial.say(TALK, DURING, GRACE)
        came = _answer(strangers)
    finally:
        trial.close()
    told = ("p50_ms", "p99_ms", "missing")
    return {
        **_named("before", {name: before.get(name, 0) for name in told}),
        **_named("during", {name: during.get(name, 0) for name in told}),
        **_named("strangers", came),
        "gaps": before["gaps"] + during["gaps"],
        "others": during["others"],
    }


def _visitors(running: Running, one: Contestant, order: dict) -> subprocess.Popen:
    command = [sys.executable, "-m", "bench.visitors", one.protocol, running.urls[0]]
    with pinned(LOADING):
        return subprocess.Popen(
            [*command, json.dumps(order)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )


def _answer(visitors: subprocess.Popen) -> dict:
    """What they tell; those that stay go when they are told that nobody listens any more."""
    line = visitors.stdout.readline()
    visitors.communicate()
    if not line:
        raise NoAnswer("the visitors have ended")
    return json.loads(line)


def _named(what: str, figures: dict) -> dict:
    return {f"{what}_{name}": value for name, value in figures.items()}


def run(chosen: Iterable[Contestant], runs: int) -> list[dict]:
    found = []
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        try:
            lab = Lab(Path(folder))
            for number in range(runs):
                for one in chosen:
                    found.append({"run": number + 1, **measure(lab, one)})
                    print(door_report.line(found[-1]), flush=True)
        finally:
            stop_all()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", help="part of a contestant's name")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="in RESULTS.md")
    options = parser.parse_args()
    machine.raise_open_files()
    chosen = [
        one for one in doors() if not options.only or any(part in one.name for part in options.only)
    ]
    told = door_report.section(run(chosen, options.runs))
    print(told)
    if options.keep:
        keep(report.HERE / "RESULTS.md", told)


if __name__ == "__main__":
    main()
