"""How wide the door is: what a visitor costs, and what a room notices of a thousand strangers.

    python -m bench.door [--only NAME…] [--runs 3] [--keep]

Prints the figures as they come, then tables in Markdown; --keep puts them into RESULTS.md.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench import machine, report
from bench.contestants import Contestant, Lab, Running, contestants
from bench.growth import filled
from bench.machine import LOADING, pinned
from bench.trial import Trial
from chat.tests.support.servers import ROOT, stop_all

STORED = 300  # messages of ours, which the others don't keep
COUNT = 200  # visitors of whom each first comes, then comes back
RATE, SECONDS = 50, 10  # arrivals a second
ROOM, TALK = 1000, 5  # people who are there, and messages a second
STRANGERS = 1000  # within 10 s
BEFORE, DURING, GRACE = 10, 12, 5  # seconds of talk
MEASURED = ("Flask-SocketIO, gevent", "Channels tutorial, memory")
BASE = MEASURED[0]  # what we replace
INTRODUCTION = f"""\
A visitor gets the page, all that it names, over as many connections as a browser opens, and a
socket that joins; the page of ours has the latest 50 of {STORED} messages. A returning one comes
after an hour: it asks with what it has, and not for what is still fresh. The peers have a page of
a template and two files. CPU is that of the server's processes, × is against {BASE} in the same
run, KB are of bodies as they were sent. First page: from the connection to its last byte, while
{RATE} visitors a second come for {SECONDS} s.
"""
ROOM_INTRODUCTION = f"""\
{ROOM:,} people in a room in which {TALK} messages a second are said: how late they come before,
and while {STRANGERS:,} strangers come within ten seconds and stay. A process of the load has all
of these on one core with the {ROOM:,}.
"""


def doors() -> list[Contestant]:
    ours = {"Simple chat, SQLite": "embedded", "Simple chat, PostgreSQL + Redis": "scaled"}
    return [
        *(
            Contestant(name, "ours", lambda lab, each, stack=stack: _ours(lab, each, stack))
            for name, stack in ours.items()
        ),
        *(one for one in contestants() if one.name in MEASURED),
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
        order = {"do": "arrivals", "rate": STRANGERS / 10, "seconds": 10, "stay": True}
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
    return json.loads(line)


def _named(what: str, figures: dict) -> dict:
    return {f"{what}_{name}": value for name, value in figures.items()}


# --- What is told of it --------------------------------------------------------------------------
def section(found: Sequence[dict]) -> str:
    """The tables, of medians; each run has its own base."""
    base = {one["run"]: one["cold_ms"] for one in found if one["name"] == BASE}
    visits = [
        "server|ms CPU, first visit|×|requests|KB|ms CPU, returning|requests|KB"
        "|first page p50 ms|p99 ms".split("|")
    ]
    room = [
        "server|p99 ms before|during|joined|after s|first page p99 ms|refused|others".split("|")
    ]
    for name in dict.fromkeys(one["name"] for one in found):
        runs = [one for one in found if one["name"] == name]
        times = [one["cold_ms"] / base[one["run"]] for one in runs if one["run"] in base]
        middle = _medians(runs)
        visits.append(
            [
                name,
                f"{middle['cold_ms']:.1f}",
                f"{statistics.median(times):.1f}" if times else "",
                f"{middle['cold_requests']:.0f}",
                f"{middle['cold_kb']:.1f}",
                f"{middle['returning_ms']:.1f}",
                f"{middle['returning_requests']:.0f}",
                f"{middle['returning_kb']:.1f}",
                f"{middle['arrivals_page_p50_ms']:,.0f}",
                f"{middle['arrivals_page_p99_ms']:,.0f}",
            ]
        )
        room.append([name, *_room_cells(middle)])
    runs = f"{max(one['run'] for one in found)} runs"
    return (
        f"## The door ({runs})\n\n{INTRODUCTION}\n{report.table(visits)}\n"
        f"{ROOM_INTRODUCTION}\n{report.table(room)}"
    )


def _room_cells(middle: dict) -> list[str]:
    if "why" in middle and "strangers_came" not in middle:
        return [middle["why"], *[""] * 6]
    return [
        f"{middle['before_p99_ms']:,.0f}",
        f"{middle['during_p99_ms']:,.0f}",
        f"{middle['strangers_joined']:,.0f} of {middle['strangers_came']:,.0f}",
        f"{middle['strangers_until']:.1f}",
        f"{middle['strangers_page_p99_ms']:,.0f}",
        f"{middle['strangers_refused']:,.0f}",
        f"{middle['others']:.0%}",
    ]


def _medians(runs: Sequence[dict]) -> dict:
    numbers = [name for name, value in runs[0].items() if isinstance(value, int | float)]
    return runs[0] | {name: statistics.median(one[name] for one in runs) for name in numbers}


def line(figures: dict) -> str:
    """One contestant's run, while one waits."""
    shown = {
        name: round(value, 2) if isinstance(value, float) else value
        for name, value in figures.items()
        if value != ""
    }
    return ", ".join(f"{name} {value}" for name, value in shown.items())


def run(chosen: Iterable[Contestant], runs: int) -> list[dict]:
    found = []
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        try:
            lab = Lab(Path(folder))
            for number in range(runs):
                for one in chosen:
                    found.append({"run": number + 1, **measure(lab, one)})
                    print(line(found[-1]), flush=True)
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
    told = section(run(chosen, options.runs))
    print(told)
    if options.keep:
        report.keep_door(told)


if __name__ == "__main__":
    main()
