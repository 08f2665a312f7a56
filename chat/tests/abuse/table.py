"""Writes what `make abuse` has measured into docs/SECURITY.md.

python -m chat.tests.abuse.table FILE, where FILE is what pytest's --record has gathered.
"""

import json
import sys
from collections import Counter
from pathlib import Path

from chat.tests.abuse.evening import Report
from chat.tests.support.servers import ROOT

DOCUMENT = ROOT / "docs/SECURITY.md"
BEGIN, END = "<!-- measured: `make abuse` writes this -->\n", "<!-- end -->\n"
HEAD = """\
| attack | addresses | delivery, p99 | page, p99 | memory | what the attacker got |
|---|---|---|---|---|---|
"""
# What is counted of the loot, and how that is called.
GOT = {
    "answered": "answers",
    "accepted": "messages",
    "refused": "refusals",
    "closed": "connections closed",
}


def table(reports: list[Report]) -> str:
    """One row for each attack and number of addresses: the latest, in the order of the first."""
    latest = {(one.attack, one.addresses): one for one in reports}
    return HEAD + "".join(map(_row, latest.values()))


def _row(one: Report) -> str:
    times = f"{_milliseconds(one.delivery)} | {_milliseconds(one.page)}"
    memory = f"{one.memory / 1000:.0f} MB"
    return f"| {one.attack} | {one.addresses} | {times} | {memory} | {_got(one)} |\n"


def _got(one: Report) -> str:
    total: Counter[str] = Counter()
    for loot in one.loots.values():
        total.update({key: count for key, count in loot.items() if key != "stopped"})
    said = [f"{total[key]:,} {name}" for key, name in GOT.items() if total[key]]
    return ", ".join([*said, f"{total['bytes'] / 1e6:,.1f} MB"])


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:,.0f} ms"


def write(reports: list[Report]) -> None:
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(before + BEGIN + table(reports) + END + after)


if __name__ == "__main__":
    lines = Path(sys.argv[1]).read_text().splitlines()
    write([Report(**json.loads(line)) for line in lines])
