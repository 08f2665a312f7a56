"""Writes what `make faults` has measured into docs/RELIABILITY.md.

python -m chat.tests.faults.table FILE, where FILE is what pytest's --record has gathered.
"""

import json
import sys
from itertools import groupby
from pathlib import Path

from chat.tests.faults.fault import Record
from chat.tests.support.servers import ROOT

DOCUMENT = ROOT / "docs/RELIABILITY.md"
BEGIN, END = "<!-- measured: `make faults` writes this -->\n", "<!-- end -->\n"
HEAD = """\
| fault | stack | what a user sees | a message meanwhile | all is well after |
|---|---|---|---|---|
"""


def table(records: list[Record]) -> str:
    """One row for each fault and stack: the longest of its runs."""

    def same(record: Record):
        return record.place, record.fault, record.stack

    runs = [list(group) for _, group in groupby(sorted(records, key=same), key=same)]
    return HEAD + "".join(map(_row, runs))


def _row(runs: list[Record]) -> str:
    meanwhile = [run.meanwhile for run in runs if run.meanwhile is not None]
    one = runs[0]
    took = _seconds(max(meanwhile)) if meanwhile else ""
    recovery = _seconds(max(run.recovery for run in runs))
    return f"| {one.fault} | {one.stack} | {one.sees} | {took} | {recovery} |\n"


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 0.1 else "< 0.1 s"


def write(records: list[Record]) -> None:
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(before + BEGIN + table(records) + END + after)


if __name__ == "__main__":
    lines = Path(sys.argv[1]).read_text().splitlines()
    write([Record(**json.loads(line)) for line in lines])
