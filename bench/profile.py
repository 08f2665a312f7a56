"""Where our server spends its time under load, by py-spy.

    python -m bench.profile [--clients 1000] [--rate 5] [--joins] [--stack embedded|scaled]

Prints the functions that take most by themselves, and those of ours that take most with what they
call: `self` is the share of samples in which it was what ran, `with callees` that in which it was
on the stack. Where a thread waits is left out, and with it what waiting costs.
"""

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from bench import machine
from bench.contestants import Lab
from bench.report import table
from bench.trial import Trial
from chat.tests.support.servers import stop_all

TOP = 25  # functions
WAITING = ("EpollSelector.select (selectors.py)", "_worker (concurrent/futures/thread.py)")


def sample(pid: int, seconds: int, file: Path) -> subprocess.Popen:
    """Start to sample a process; the stacks are in `file` when it ends."""
    spy = Path(sys.executable).with_name("py-spy")
    options = ["--duration", str(seconds), "--rate", "250", "--format", "raw", "--nonblocking"]
    command = [str(spy), "record", "--pid", str(pid), "--output", str(file), *options]
    with machine.pinned(machine.LOADING):
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def top(stacks: str) -> list[list[str]]:
    """The heaviest functions of `frame;frame;… count` lines, by what they take themselves."""
    own, whole = Counter(), Counter()
    for line in stacks.splitlines():
        names, _, count = line.rpartition(" ")
        frames = [name.rpartition(":")[0] + ")" for name in names.split(";") if ":" in name]
        if frames and frames[-1] not in WAITING:
            own[frames[-1]] += int(count)
            whole.update(dict.fromkeys(frames, int(count)))
    total = max(1, own.total())
    rows = [["function", "self", "with callees"]]
    ours = [name for name, _ in whole.most_common() if "(chat" in name]
    for name in dict.fromkeys([*(name for name, _ in own.most_common(TOP)), *ours[:TOP]]):
        rows.append([name, f"{own[name] / total:.1%}", f"{whole[name] / total:.1%}"])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=5)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--joins", action="store_true", help="of the joins, not of the messages")
    parser.add_argument("--stack", choices=["embedded", "scaled"], default="embedded")
    options = parser.parse_args()
    machine.raise_open_files()
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        try:
            stacks = Path(folder) / "stacks"
            running = Lab(Path(folder)).ours(options.stack, options.rate / options.clients)
            trial = Trial(running, "ours", options.clients)
            pid = trial.running.servers[0].pid
            if options.joins:
                spy = sample(pid, options.seconds, stacks)
                print(trial.join())
            else:
                trial.join()
                spy = sample(pid, options.seconds, stacks)
                print(trial.say(options.rate, options.seconds, 10))
            spy.wait()
            print(table(top(stacks.read_text())))
            trial.close()
        finally:
            stop_all()


if __name__ == "__main__":
    main()
