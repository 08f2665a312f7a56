"""What was measured, as a line, as a table in Markdown, and as JSON."""

import json
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from bench import chart
from bench.kept import kept
from bench.machine import LOADING, SERVING, describe

HERE = Path(__file__).parent
BUSY = 0.9  # a load that took more of its core may have been what was slow

INTRODUCTION = """\
# Measured side by side

Made by `make bench` (see README.md) on {date}. {machine}. {runs}; ours serves on core {serving},
the load and the databases have core {loading}. Of several runs the medians are told.

Every message has 40 characters and goes to every client. Ours stores it before it acknowledges
it, and every client checks that it hears every number once and in order; no other one here stores
or promises anything. µs of CPU are what the server's processes took for each delivery, in
brackets what PostgreSQL and Redis took besides; × says how many times ours (the first line) that
is. Latency is from just before the sending to the arrival at each client, of what arrived.
Missing is what had not arrived {grace:g} s after the last message was sent. Load is how much of a
core the clients took; **above {busy:.0%}** they may have been what was slow. Others is how much
everything else on the machine took meanwhile, and made it worse.
"""


def line(figures: dict) -> str:
    """One measurement, while one waits."""
    what = f"{figures['name']}, {figures['clients']:,} clients"
    if "rate" in figures:
        what += f", {figures['rate']:g}/s"
    if "per_second" not in figures:
        return f"{what}: {figures['why']}"
    return (
        f"{what}: {figures['per_second']:,.0f} deliveries/s, {figures['us']:.1f} µs, "
        f"p50 {figures.get('p50_ms', 0)} p99 {figures.get('p99_ms', 0)} ms, "
        f"missing {figures['missing']:,}, gaps {figures['gaps']}, "
        f"{figures['joins_per_second']:.0f} joins/s, {figures['kb_per_connection']:.0f} KB, "
        f"load {figures['busy']:.0%}, others {figures['others']:.0%}"
    )


def load() -> list[dict]:
    """The figures of the last run."""
    return json.loads((HERE / "results.json").read_text())["figures"]


def save(found: Sequence[dict], grace: float) -> None:
    """Write results.json, RESULTS.md and results.svg."""
    about = {"date": time.strftime("%Y-%m-%d"), "machine": describe(), "versions": versions()}
    text = json.dumps({**about, "grace": grace, "figures": list(found)}, indent=1)
    (HERE / "results.json").write_text(text + "\n")
    merged = medians(found)
    (HERE / "RESULTS.md").write_text(markdown(merged, about, grace))
    (HERE / "results.svg").write_text(chart.draw(merged))


def medians(found: Iterable[dict]) -> list[dict]:
    """One entry for each contestant and load: the median of each figure, and of how many runs."""
    groups: dict[tuple, list[dict]] = {}
    for figures in found:
        key = figures["name"], figures["clients"], figures.get("rate", 0)
        groups.setdefault(key, []).append(figures)
    return [_median(group) for group in groups.values()]


def _median(group: list[dict]) -> dict:
    measured = [figures for figures in group if "us" in figures] or group
    merged = dict(measured[0])
    for name, value in merged.items():
        if isinstance(value, int | float) and name not in {"clients", "rate"}:
            merged[name] = statistics.median(f[name] for f in measured if name in f)
    merged["run"] = len(measured)
    merged["unstored"] = sum(figures.get("unstored", 0) for figures in group)
    merged["all_accepted"] = sum(figures.get("accepted", 0) for figures in group)
    return merged


def markdown(merged: Sequence[dict], about: dict, grace: float) -> str:
    parts = [
        INTRODUCTION.format(
            date=about["date"],
            machine=", ".join(about["machine"]),
            runs="The server's core is its own" if SERVING != LOADING else "There is one core",
            serving=", ".join(map(str, SERVING)),
            loading=", ".join(map(str, LOADING)),
            grace=grace,
            busy=BUSY,
        ),
        _stored(merged),
        "![CPU for each delivery, and deliveries a second](results.svg)\n",
    ]
    for clients in sorted({entry["clients"] for entry in merged}):
        crowd = [entry for entry in merged if entry["clients"] == clients]
        for rate in sorted({entry["rate"] for entry in crowd if "rate" in entry}):
            # Who was refused all rates says so in each table.
            entries = [entry for entry in crowd if entry.get("rate", rate) == rate]
            runs = max(entry["run"] for entry in entries)
            times = f"{runs} runs" if runs > 1 else "one run"
            parts.append(f"## {clients:,} clients, {rate:,g} messages a second ({times})\n")
            parts.append(_loads(entries))
        parts.append(f"## {clients:,} clients join, 100 at a time\n")
        parts.append(_joins(crowd))
    parts.extend(kept(HERE / "RESULTS.md"))
    parts.append("## Versions\n\n" + ", ".join(about["versions"]) + "\n")
    return "\n".join(parts)


def _stored(merged: Iterable[dict]) -> str:
    ours = [entry for entry in merged if entry.get("all_accepted")]
    accepted, unstored = (sum(e[name] for e in ours) for name in ("all_accepted", "unstored"))
    gaps = sum(entry["gaps"] for entry in ours)
    return (
        f"Ours accepted {accepted:,} messages; its databases lack {unstored:,} of them. "
        f"Its clients found {gaps:g} gaps in the numbers.\n"
    )


def _loads(entries: Sequence[dict]) -> str:
    heads = "server|deliveries/s|×|µs CPU a delivery|×|ms CPU a message|p50 ms|p99 ms|max ms"
    rows = [(heads + "|missing|load|others").split("|")]
    base = next((entry for entry in entries if "us" in entry), {})
    for entry in entries:
        if "us" not in entry:
            rows.append([entry["name"], entry["why"], *[""] * 10])
            continue
        helper = f" ({entry['helper_us']:.1f})" if entry["helper_us"] else ""
        due = entry["deliveries"] + entry["missing"]
        rows.append(
            [
                entry["name"],
                f"{entry['per_second']:,.0f}",
                f"{entry['per_second'] / base['per_second']:.2f}",
                f"{_short(entry['us'])}{helper}",
                f"{entry['us'] / base['us']:.2f}",
                _short(entry["ms_per_message"]),
                *(_short(entry.get(name, 0)) for name in ("p50_ms", "p99_ms", "max_ms")),
                f"{entry['missing'] / max(1, due):.1%}" if entry["missing"] else "0",
                _load(entry["busy"]),
                f"{entry['others']:.0%}",
            ]
        )
    return table(rows)


def _joins(entries: Sequence[dict]) -> str:
    rows = ["server|joined|joins/s|µs CPU a join|KB a connection|load".split("|")]
    seen = set()
    for entry in entries:
        if "us_per_join" in entry and entry["name"] not in seen:
            seen.add(entry["name"])
            rows.append(
                [
                    entry["name"],
                    f"{entry['joined']:,.0f}",
                    f"{entry['joins_per_second']:,.0f}",
                    f"{entry['us_per_join']:,.0f}",
                    _short(entry["kb_per_connection"]),
                    _load(entry["joins_busy"]),
                ]
            )
    return table(rows)


def table(rows: Sequence[Sequence[str]]) -> str:
    """In Markdown; the first row are the heads, the first column names."""
    head, *body = rows
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *body]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def _short(value: float) -> str:
    """Two or three digits that mean something."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _load(share: float) -> str:
    return f"**{share:.0%}**" if share > BUSY else f"{share:.0%}"


def versions() -> list[str]:
    """What was compared, by release."""
    pinned = re.findall(r"^([\w-]+)==", (HERE / "requirements.txt").read_text(), re.MULTILINE)
    found = [f"{name} {version(name)}" for name in (*pinned, "Django", "channels", "daphne")]
    for package in sorted((Path(sys.prefix) / "node_modules").glob("*/package.json")):
        if package.parent.name in {"ws", "socket.io"}:
            found.append(f"{package.parent.name} {json.loads(package.read_text())['version']}")
    for command in (["node", "--version"], ["redis-server", "--version"]):
        if shutil.which(command[0]):
            told = subprocess.run(command, capture_output=True, text=True).stdout
            found.append(f"{command[0]} {re.search(r'[0-9.]+[0-9]', told)[0]}")
    return found
