"""What bench.door has measured, as tables in Markdown."""

import statistics
from collections.abc import Sequence

from bench.report import table

STORED = 300  # messages of ours, which the others don't keep
RATE, SECONDS = 50, 10  # arrivals a second
ROOM, TALK = 1000, 5  # people who are there, and messages a second
STRANGERS, WITHIN = 1000, 10  # seconds
BASE = "Flask-SocketIO, gevent"  # what we replace
INTRODUCTION = f"""\
A visitor gets the page, all that it names, over as many connections as a browser opens, and a
socket that joins; the page of ours has the latest 50 of {STORED} messages. A returning one comes
after an hour: it asks with what it has, and not for what is still fresh. The peers have a page of
a template and two files. CPU is that of the server's processes, × is against {BASE} in
the same run, KB are of bodies as they were sent. First page: from the connection to its last byte,
while {RATE} visitors a second come for {SECONDS} s.
"""
ROOM_INTRODUCTION = f"""\
{ROOM:,} people in a room in which {TALK} messages a second are said: how late they come before,
and while {STRANGERS:,} strangers come within {WITHIN} s and stay. A process of the load has all
of these on one core with the {ROOM:,}.
"""


def section(found: Sequence[dict]) -> str:
    """The tables, of medians; each run has its own base, where that was measured."""
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
    count = max(one["run"] for one in found)
    runs = f"{count} runs" if count > 1 else "one run"
    return (
        f"## The door ({runs})\n\n{INTRODUCTION}\n{table(visits)}\n"
        f"{ROOM_INTRODUCTION}\n{table(room)}"
    )


def _room_cells(middle: dict) -> list[str]:
    if "why" in middle and "strangers_came" not in middle:
        return [middle["why"], *[""] * 6]
    return [
        *(_late(middle[f"{when}_p99_ms"]) for when in ("before", "during")),
        f"{middle['strangers_joined']:,.0f} of {middle['strangers_came']:,.0f}",
        f"{middle['strangers_until']:.1f}",
        f"{middle['strangers_page_p99_ms']:,.0f}",
        f"{middle['strangers_refused']:,.0f}",
        f"{middle['others']:.0%}",
    ]


def _late(milliseconds: float) -> str:
    return f"{milliseconds:,.0f}" if milliseconds else "nothing came"


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
