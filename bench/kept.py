"""The section of RESULTS.md that `bench.door` writes, and `bench.compare` leaves as it is."""

import re
from pathlib import Path

SECTION = re.compile(r"^## The door .*?(?=^## Versions)", re.MULTILINE | re.DOTALL)


def keep(file: Path, section: str) -> None:
    """Put it in place of what was told before."""
    others, versions, rest = SECTION.sub("", file.read_text()).partition("## Versions")
    file.write_text(f"{others}{section}\n{versions}{rest}")


def kept(file: Path) -> list[str]:
    """What was told last, or nothing."""
    found = SECTION.findall(file.read_text()) if file.exists() else []
    return [section.strip() + "\n" for section in found]
