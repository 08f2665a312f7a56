"""The clock jumps, as when somebody sets it, or a machine was asleep."""

import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.stack("embedded")  # nobody asks PostgreSQL for the time
HOUR, DAY = 3600, 24 * 3600


class WrongClock:
    """A library that makes the clock of a process wrong, and the file that says by how much."""

    def __init__(self, folder: Path):
        self._file, library = folder / "clock", folder / "wrong_clock.so"
        source = Path(__file__).with_name("wrong_clock.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, source], check=True)
        self.env = {"LD_PRELOAD": str(library), "WRONG_CLOCK": str(self._file)}
        self.jumps(0)

    def jumps(self, seconds: int) -> None:
        """From now on it is that much ahead of the true one."""
        self._file.write_text(str(seconds))


def test_a_clock_that_jumps_back_and_forth_stops_nobody(make_site, gather, fault, join, tmp_path):
    clock = WrongClock(tmp_path)
    site = make_site(**clock.env)
    crowd = gather(site)
    with fault(
        "the clock jumps by hours and days", "wrong times", crowd, true_clock=False
    ) as measured:
        measured.meanwhile = 0.0
        for jump in (2 * HOUR, -2 * HOUR, 2 * DAY, -30 * DAY, 0):
            clock.jumps(jump)
            measured.meanwhile = max(measured.meanwhile, crowd.hears_each_process(within=3))
            crowd.gets_on()
            assert join(site).history, f"nobody can come in when it is {jump} s wrong"
    assert not crowd.byes
    assert crowd.connections == len(crowd.everybody), "somebody was cut"
    days = {str(row["at"])[:10] for row in site.messages()}
    assert len(days) >= 3, "the clock did not jump"
