"""Everybody under the same loads, in one run on one machine: `make bench`.

    python -m bench.compare [--short] [--only NAME…] [--clients N…] [--rates N…] [--runs N] [--add]

Writes results.json, RESULTS.md and results.svg into this folder.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import machine, report
from bench.contestants import Contestant, Lab, contestants
from bench.trial import NoAnswer, Trial
from chat.tests.support.servers import stop_all


@dataclass(frozen=True)
class Plan:
    """Loads: each number of clients at each rate (messages a second), for `seconds`.

    What has not arrived `grace` seconds later is missing.
    """

    clients: Sequence[int] = (100, 1000, 5000)
    rates: Sequence[float] = (5, 100, 1000)
    runs: int = 3
    seconds: float = 10
    grace: float = 5


SHORT = Plan(clients=(1000,), rates=(5, 1000), runs=1, seconds=3, grace=1)


def measure(lab: Lab, contestant: Contestant, clients: int, plan: Plan) -> Iterator[dict]:
    """One contestant with so many clients, at each rate; or why not."""
    told = {"name": contestant.name, "clients": clients}
    if clients > contestant.most:
        yield {**told, "why": f"it takes {contestant.most:,} clients by default"}
        return
    trial, joined, hopeless = None, {}, ""
    try:
        for rate in plan.rates:
            if hopeless:
                yield {**told, "rate": rate, "why": hopeless}
                continue
            if trial is None:
                running = contestant.start(lab, max(plan.rates) / clients)
                trial = Trial(running, contestant.protocol, clients)
                answer = trial.join()
                joined = joined or {**answer, "joins_busy": answer.pop("busy")}
            figures = trial.say(rate, plan.seconds, plan.grace)
            figures["joined"] = figures.pop("clients")
            yield {**told, "rate": rate, **joined, **figures}
            due = clients * rate * plan.seconds
            if figures["deliveries"] < due / 2:
                hopeless = f"it managed less than half at {rate:,g} messages a second"
            if figures["deliveries"] < due:  # what it still has to do would be in the next figures
                trial.close()
                trial = None
    except (NoAnswer, AssertionError) as reason:  # the crowd's, or a server that doesn't start
        yield {**told, "why": str(reason).partition("\n")[0]}
    finally:
        if trial:
            trial.close()


def run(plan: Plan, chosen: Sequence[Contestant]) -> Iterator[dict]:
    """All the figures, as they come. Contestants alternate: a noisy minute hits all of them."""
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        try:
            lab = Lab(Path(folder))
            for number in range(plan.runs):
                for clients in plan.clients:
                    for contestant in chosen:
                        for figures in measure(lab, contestant, clients, plan):
                            yield {"run": number + 1, **figures}
        finally:
            stop_all()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="one small load, under 3 minutes")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="part of a contestant's name")
    parser.add_argument("--clients", nargs="+", type=int)
    parser.add_argument("--rates", nargs="+", type=float)
    parser.add_argument("--runs", type=int)
    parser.add_argument("--add", action="store_true", help="to the figures of the last run")
    options = parser.parse_args()
    base = SHORT if options.short else Plan()
    given = {name: getattr(options, name) for name in ("clients", "rates", "runs")}
    plan = Plan(**{**vars(base), **{name: value for name, value in given.items() if value}})
    chosen = [
        contestant
        for contestant in contestants()
        if not options.only or any(part in contestant.name for part in options.only)
    ]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    machine.raise_open_files()
    begun, found = time.monotonic(), report.load() if options.add else []
    for figures in run(plan, chosen):
        found.append(figures)
        print(f"{time.monotonic() - begun:6.0f} s  {report.line(figures)}", flush=True)
        report.save(found, plan.grace)
    print((report.HERE / "RESULTS.md").read_text())


if __name__ == "__main__":
    main()
