"""An evening: somebody attacks, people elsewhere talk. What came of it is a Report."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench import machine
from chat.tests.abuse.attack import Attack
from chat.tests.abuse.attacks import ATTACKS
from chat.tests.abuse.control import Seen
from chat.tests.support import eventually
from chat.tests.support.servers import ROOT, Daphne
from chat.tests.support.site import Site

BACK = 60.0  # seconds in which descriptors must be back
SPARE = 8  # descriptors that the process may have opened for itself
PATIENCE = 60.0  # seconds for the rest of a process's work


@dataclass
class Report:
    """A line of the table in docs/SECURITY.md. Times in seconds, memory in kB.

    `loots`: by attack, what was counted, and when it was `stopped` first.
    """

    attack: str
    stack: str
    addresses: int
    seconds: float
    delivery: float  # p99
    page: float  # p99
    arrival: float  # the slowest
    memory: int  # the most that a process had
    back: bool  # all descriptors, in time
    loots: dict[str, dict]
    refused: list[str]  # of what the people elsewhere wanted
    forged: int
    weight: int  # bytes of the heaviest page


def p99(times: list[float]) -> float:
    """The slowest, of fewer than a hundred."""
    ordered = sorted(times)
    return ordered[int(0.99 * (len(ordered) - 1) + 0.5)] if ordered else float("inf")


def spend(site: Site, attacks: dict[str, list[str]], seconds: float, name: str = "") -> Report:
    """Let `attacks`, each from these addresses, go on for so long, all at once."""
    processes = site.processes
    for process in processes:
        _pin(process)
        _forget_peak(process)
    control = _start("control", *(f"127.0.0.1:{process.port}" for process in processes))
    try:
        assert control.stdout.readline() == "ready\n", control.stderr.read()
        before = [_descriptors(process) for process in processes]
        loots = attack(site, attacks, seconds)
        control.send_signal(signal.SIGTERM)
        seen = Seen(**json.loads(control.communicate(timeout=PATIENCE)[0]))
    finally:
        control.kill()
    return Report(
        attack=name or ", ".join(attacks),
        stack=site.stack.name,
        addresses=sum(map(len, attacks.values())),
        seconds=seconds,
        delivery=p99(seen.deliveries),
        page=p99(seen.pages),
        arrival=max(seen.arrivals, default=float("inf")),
        memory=max(map(_peak, processes)),
        back=all(map(_has_back, processes, before)),
        loots=loots,
        refused=seen.refused,
        forged=seen.forged,
        weight=seen.weight,
    )


def attack(site: Site, attacks: dict[str, list[str]], seconds: float) -> dict[str, dict]:
    """The same without people elsewhere; what each attack got."""
    plan = {
        "where": ["127.0.0.1", site.processes[0].port],
        "redis": site.redis.url if site.redis else "",
        "seconds": seconds,
        "attacks": attacks,
    }
    attacker = _start("attacker", json.dumps(plan))
    try:
        said, wrong = attacker.communicate(timeout=seconds + PATIENCE)
    finally:
        attacker.kill()
    assert attacker.returncode == 0, wrong
    return json.loads(said)


def _start(module: str, *arguments: str) -> subprocess.Popen:
    """On the core that loads; in this session, so that the attacker's niceness counts."""
    with machine.pinned(machine.LOADING):
        return subprocess.Popen(
            [sys.executable, "-m", f"chat.tests.abuse.{module}", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def _pin(process: Daphne) -> None:
    """Let it serve on its own core, with all its threads, as bench does."""
    for thread in os.listdir(f"/proc/{process.pid}/task"):
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread), machine.SERVING)


def _forget_peak(process: Daphne) -> None:
    Path(f"/proc/{process.pid}/clear_refs").write_text("5")


def _peak(process: Daphne) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def _descriptors(process: Daphne) -> int:
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def _has_back(process: Daphne, before: int) -> bool:
    with contextlib.suppress(AssertionError):
        return eventually(lambda: _descriptors(process) <= before + SPARE, BACK)
    return False


def addresses(one: Attack, many: int = 1) -> list[str]:
    """Those that it comes from: each attack has its own."""
    network = 10 + list(ATTACKS).index(one.name)
    return [f"127.{network + 100 * (many > 1)}.0.{number + 1}" for number in range(many)]
