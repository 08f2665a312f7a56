"""The machine: its cores and who may use them, and what processes have taken of it."""

import contextlib
import os
import platform
import resource
from collections.abc import Iterable, Iterator
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")  # a second has so many, in /proc
CORES = sorted(os.sched_getaffinity(0))
# The last core makes the load and has the databases, the others serve. One core does all.
SERVING, LOADING = (CORES[:-1], CORES[-1:]) if len(CORES) < 4 else (CORES[:2], CORES[2:])


@contextlib.contextmanager
def pinned(cores: Iterable[int]) -> Iterator[None]:
    """What is started meanwhile runs on these cores only, and so do its children."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def raise_open_files() -> None:
    """A socket is an open file: as many as this user may have, for us and our children."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def family(pid: int) -> list[int]:
    """The process, its group and its children: a master has workers, PostgreSQL has sessions."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent, group = map(int, _stat(int(folder.name))[1:3])
            if pid in (int(folder.name), parent, group):
                found.append(int(folder.name))
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of processes, in seconds, since they began (in steps of 10 ms)."""
    return sum(int(field) for pid in pids for field in _stat(pid)[11:13]) / TICK


def all_cpu_seconds() -> float:
    """What all processes of the machine have taken, in seconds."""
    user, nice, system = Path("/proc/stat").read_text().split()[1:4]
    return (int(user) + int(nice) + int(system)) / TICK


def memory_kb(pids: Iterable[int]) -> int:
    """Resident memory of processes, in KB."""
    statuses = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
    return sum(int(status.partition("VmRSS:")[2].split()[0]) for status in statuses)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on; the second may have any characters."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def describe() -> list[str]:
    """The machine in a few words each: processor, memory, kernel, Python."""
    cpus, memory = Path("/proc/cpuinfo").read_text(), Path("/proc/meminfo").read_text()
    model = cpus.partition("model name\t: ")[2].partition("\n")[0] or platform.machine()
    gigabytes = int(memory.split()[1]) / 2**20
    return [
        f"{len(CORES)} cores of {model}, {gigabytes:.0f} GiB",
        f"{platform.system()} {platform.release()}",
        f"Python {platform.python_version()}",
    ]
