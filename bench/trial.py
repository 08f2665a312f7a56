"""One trial: a running server, a crowd at it in processes of its own, and what both report."""

import contextlib
import json
import select
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence

from bench.contestants import Running
from bench.machine import LOADING, all_cpu_seconds, cpu_seconds, memory_kb, pinned
from chat.tests.support.servers import ROOT

SETTLE = 2.0  # seconds after the joins: presence is told, garbage collected
LEAD = 0.2  # seconds from the word to the first message


class NoAnswer(Exception):
    """The crowd did not report in time."""


class Trial:
    """`clients` at a server. Close it: that ends both."""

    def __init__(self, running: Running, protocol: str, clients: int):
        self.running, self._clients, self._accepted = running, clients, 0
        share, rest = divmod(clients, len(LOADING))
        self._crowds = [
            self._crowd(protocol, share + (number < rest)) for number in range(len(LOADING))
        ]
        self._already = running.stored() if running.sql else 0

    def _crowd(self, protocol: str, clients: int) -> subprocess.Popen:
        command = [sys.executable, "-m", "bench.load", protocol, str(clients)]
        with pinned(LOADING):
            return subprocess.Popen(
                [*command, *self.running.urls],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
            )

    def join(self, at_once: int = 100, cookies: Sequence[str] = ()) -> dict:
        """Everybody joins, so many at a time: how fast, and what one connection weighs."""
        empty = memory_kb(self.running.pids)
        cpu = cpu_seconds(self.running.pids)
        share = max(1, at_once // len(self._crowds))
        shares = [cookies[number :: len(self._crowds)] for number in range(len(self._crowds))]
        answers = self._tell([{"do": "join", "at_once": share, "cookies": s} for s in shares], 180)
        cpu = cpu_seconds(self.running.pids) - cpu
        time.sleep(SETTLE)
        joined = sum(answer["joined"] for answer in answers)
        return {
            "joined": joined,
            "joins_per_second": joined / max(answer["seconds"] for answer in answers),
            "us_per_join": 1e6 * cpu / max(1, joined),
            "kb_per_connection": (memory_kb(self.running.pids) - empty) / max(1, joined),
            "gaps": sum(answer["gaps"] for answer in answers),
            "busy": max(answer["busy"] for answer in answers),
            "why": next((answer["why"] for answer in answers if answer["why"]), ""),
        }

    def leave(self) -> None:
        """Everybody's connection is aborted."""
        self._tell([{"do": "leave"}] * len(self._crowds), 60)

    def say(self, rate: float, seconds: float, grace: float, reactions: float = 0) -> dict:
        """So many messages, and reactions, a second for some seconds, then at most `grace` seconds
        for the rest.

        CPU is the servers', in µs a delivery and ms a message; `helper_us` that of PostgreSQL and
        Redis. `missing` deliveries had not come by the end. `busy` is the share of a core that
        the busiest crowd took, `others` that of all processes that are not part of this.
        """
        crowds = len(self._crowds)
        share = round(rate * seconds / crowds)
        start = time.monotonic() + LEAD
        order = {"do": "say", "rate": rate / crowds, "seconds": seconds, "grace": grace}
        order |= {"start": start, "total": share * crowds, "reactions": reactions / crowds}
        pids, helper_pids = self.running.pids, self.running.helper_pids
        crowd_pids = [crowd.pid for crowd in self._crowds]
        before = [cpu_seconds(pids), cpu_seconds(helper_pids), cpu_seconds(crowd_pids)]
        begun, everything = time.monotonic(), all_cpu_seconds()
        answers = self._tell([order] * crowds, seconds + grace + 60)
        taken, everything = time.monotonic() - begun, all_cpu_seconds() - everything
        after = [cpu_seconds(pids), cpu_seconds(helper_pids), cpu_seconds(crowd_pids)]
        cpu, helper_cpu, crowd_cpu = (b - a for a, b in zip(before, after, strict=True))
        total = Counter()
        for answer in answers:
            total.update({name: answer[name] for name in COUNTS})
        late = Counter()
        for answer in answers:
            late.update({int(bin): count for bin, count in answer["late"].items()})
        deliveries, until = total["deliveries"], max(answer["until"] for answer in answers)
        return {
            **total,
            "missing": total["sent"] * total["clients"] - deliveries,
            "per_second": deliveries / max(until - start, seconds),
            "us": 1e6 * cpu / max(1, deliveries),
            "helper_us": 1e6 * helper_cpu / max(1, deliveries),
            "ms_per_message": 1e3 * cpu / max(1, total["sent"]),
            **quantiles(late),
            "busy": max(answer["busy"] for answer in answers),
            "others": max(0.0, everything - cpu - helper_cpu - crowd_cpu) / taken,
            **self._stored(total["accepted"]),
        }

    def _stored(self, accepted: int) -> dict:
        """Whether the database has every message that was accepted so far."""
        if not self.running.sql:
            return {}
        self._accepted += accepted
        return {"unstored": max(0, self._already + self._accepted - self.running.stored())}

    def _tell(self, orders: Sequence[dict], patience: float) -> list[dict]:
        for crowd, order in zip(self._crowds, orders, strict=True):
            crowd.stdin.write(json.dumps(order).encode() + b"\n")
        deadline = time.monotonic() + patience
        return [self._answer(crowd, deadline) for crowd in self._crowds]

    @staticmethod
    def _answer(crowd: subprocess.Popen, deadline: float) -> dict:
        line = bytearray()
        while not line.endswith(b"\n"):
            left = max(0.0, deadline - time.monotonic())
            if not select.select([crowd.stdout], [], [], left)[0]:
                raise NoAnswer("the crowd did not report in time")
            chunk = crowd.stdout.read(65536)
            if not chunk:
                raise NoAnswer("the crowd has ended")
            line += chunk
        return json.loads(line)

    def close(self) -> None:
        for crowd in self._crowds:
            crowd.kill()
            crowd.wait()
            with contextlib.suppress(OSError):
                crowd.stdin.close()
            crowd.stdout.close()
        self.running.stop()


COUNTS = ("sent", "clients", "accepted", "rejected", "gaps", "gone", "deliveries")


def quantiles(late: Counter[int]) -> dict[str, float]:
    """p50, p99 and the largest of latencies, in ms; `late` counts tenths of a ms."""
    total, passed, found = late.total(), 0, {}
    for value, count in sorted(late.items()):
        passed += count
        for name, share in (("p50_ms", 0.5), ("p99_ms", 0.99), ("max_ms", 1.0)):
            if passed >= share * total:
                found.setdefault(name, value / 10)
    return found
